import {
  type AddPermissionRequest,
  PolicyLengthExceededException,
  ResourceConflictException,
} from '@aws-sdk/client-lambda';
import type { PolicyStatement } from '../../types.ts';
import { type FunctionRecord, invalid } from './functions.ts';

/** Lambda quotas, 2026-11: bytes of a function's resource policy. */
const MAX_POLICY = 20_480;

/** The statement that AddPermission appends to a function's resource policy. */
export const permissionStatement = (record: FunctionRecord, input: AddPermissionRequest): PolicyStatement => {
  const { StatementId, Action, Principal, SourceArn, SourceAccount } = input;
  if (!StatementId || !Action || !Principal) throw invalid('AddPermission needs StatementId, Action and Principal.');
  if (record.policy.some(({ Sid }) => Sid === StatementId)) {
    throw new ResourceConflictException({
      Type: 'User',
      message: `The statement id (${StatementId}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
      $metadata: {},
    });
  }
  const service = Principal.endsWith('.amazonaws.com');
  const condition = {
    ...(SourceArn && { ArnLike: { 'AWS:SourceArn': SourceArn } }),
    ...(SourceAccount && { StringEquals: { 'AWS:SourceAccount': SourceAccount } }),
  };
  return {
    Sid: StatementId,
    Effect: 'Allow',
    Principal: Principal === '*' ? '*' : { [service ? 'Service' : 'AWS']: Principal },
    Action,
    Resource: record.arn,
    ...(Object.keys(condition).length > 0 && { Condition: condition }),
  };
};

export const policyText = (statements: PolicyStatement[]): string => {
  const text = JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: statements });
  if (text.length > MAX_POLICY) {
    throw new PolicyLengthExceededException({
      Type: 'User',
      message: `The final policy size (${text.length}) is bigger than the limit (${MAX_POLICY}).`,
      $metadata: {},
    });
  }
  return text;
};
