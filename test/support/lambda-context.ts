import type { Context } from 'aws-lambda';

/** What Lambda hands to a function that has all the time it needs. */
export const contextFor = (functionName = 'test', remainingMs = 60_000): Context =>
  ({
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:us-east-1:111122223333:function:${functionName}`,
    memoryLimitInMB: '256',
    awsRequestId: 'request',
    getRemainingTimeInMillis: () => remainingMs,
  }) as unknown as Context;
