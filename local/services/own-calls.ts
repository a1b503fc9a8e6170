import type { Caller, Region } from '../types.ts';

/**
 * A call a service makes for itself: under a grant it holds, or to publish its own metrics. No policy of the account has a
 * say in those, so they do not pass IAM.
 */
export const callAs = async <Output>(
  principal: `${string}.amazonaws.com`,
  region: Region,
  service: string,
  operation: string,
  input: object,
): Promise<Output> => {
  const run = region.services.get(service)?.operations[operation];
  if (!run || !region.alive) throw new Error(`${service} of ${region.name} does not answer.`);
  const caller: Caller = { arn: principal, account: region.account, service: principal };
  return run(input, { region, caller, requestId: operation, signal: new AbortController().signal });
};
