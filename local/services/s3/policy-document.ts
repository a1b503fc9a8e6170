import { compileStatements } from '../../iam/statements.ts';
import { ApiError } from '../../service.ts';
import type { PolicyStatement } from '../../types.ts';
import { bucketArn } from './bucket.ts';

/** @throws MalformedPolicy where it is no JSON, speaks of another bucket, or says what IAM here does not understand. */
export const parsePolicy = (text: string, bucket: string): { text: string; statements: PolicyStatement[] } => {
  const statements = [parse(text).Statement ?? []].flat();
  if (statements.length === 0) throw malformedPolicy('Policies must have at least one Statement');
  const arn = bucketArn(bucket);
  for (const { Resource } of statements) {
    const stray = [Resource ?? []].flat().find((resource) => resource !== arn && !resource.startsWith(`${arn}/`));
    if (stray !== undefined)
      throw malformedPolicy(`Policy has invalid resource: ${stray}, expected ${arn} or ${arn}/…`);
  }
  try {
    compileStatements('resource', arn, statements);
  } catch (error) {
    throw malformedPolicy((error as Error).message);
  }
  return { text, statements };
};

const parse = (text: string): { Statement?: PolicyStatement | PolicyStatement[] } => {
  try {
    return JSON.parse(text);
  } catch {
    throw malformedPolicy('This policy contains invalid Json');
  }
};

const malformedPolicy = (message: string) => new ApiError('MalformedPolicy', 400, message);
