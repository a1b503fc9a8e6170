// Errors on the wire: the SDK's own exception classes, ApiError, and what should not have happened.
import { NormalizedSchema } from '@smithy/core/schema';
import { ApiError } from '../service.ts';
import type { Service } from '../types.ts';
import { toJson } from './json.ts';
import { schemaOf } from './operations.ts';
import type { Reply } from './rest.ts';
import { escapeXml } from './xml.ts';

interface Described {
  /** As JSON protocols name it, and the awsQuery and XML code. */
  name: string;
  code: string;
  status: number;
  message: string;
  /** The sender's fault or ours. */
  sender: boolean;
  fields: Record<string, unknown>;
}

/** Statuses that the schemas leave out. */
const UNMARKED: Record<string, number> = { NotFound: 404, InvalidObjectState: 403 };

const describe = (service: Service, error: unknown): Described => {
  const { protocol, queryCompatible } = schemaOf(service);
  if (error instanceof ApiError) {
    const json = !queryCompatible && /Json/i.test(protocol);
    // What S3 and the query services call AccessDenied has another name, and under awsJson another status.
    const refused = error.code === 'AccessDenied' && json;
    const code = refused ? 'AccessDeniedException' : error.code;
    return {
      name: code,
      code,
      status: refused && protocol !== 'restJson1' ? 400 : error.status,
      message: error.message,
      sender: error.status < 500,
      fields: {},
    };
  }
  const { name, message } = error as Error;
  const schema = service.sdk[`${name}$`] as unknown[] | undefined;
  if (!Array.isArray(schema) || schema[0] !== -3) {
    return {
      name: 'InternalFailure',
      code: 'InternalFailure',
      status: 500,
      message: `${name}: ${message}`,
      sender: false,
      fields: {},
    };
  }
  const traits = schema[3] as { awsQueryError?: [string, number]; httpError?: number; error?: 'client' | 'server' };
  const [code, queryStatus] = traits.awsQueryError ?? [name, undefined];
  const ns = NormalizedSchema.of(schema as never);
  return {
    name,
    code,
    status:
      (protocol === 'awsQuery' ? queryStatus : undefined) ??
      traits.httpError ??
      UNMARKED[name] ??
      (traits.error === 'server' ? 500 : 400),
    message,
    sender: traits.error !== 'server',
    fields: toJson(ns, { ...(error as object) }) as Record<string, unknown>,
  };
};

export const failureReply = (service: Service, error: unknown, requestId: string): Reply => {
  const { protocol, queryCompatible } = schemaOf(service);
  const { name, code, status, message, sender, fields } = describe(service, error);
  if (protocol === 'awsQuery') {
    const inner = `<Type>${sender ? 'Sender' : 'Receiver'}</Type><Code>${code}</Code><Message>${escapeXml(message)}</Message>`;
    return {
      status,
      headers: { 'content-type': 'text/xml' },
      body: `<ErrorResponse><Error>${inner}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
    };
  }
  if (protocol === 'restXml') {
    const inner = `<Code>${code}</Code><Message>${escapeXml(message)}</Message><RequestId>${requestId}</RequestId>`;
    const body =
      service.signingName === 's3'
        ? `<Error>${inner}</Error>`
        : `<ErrorResponse><Error>${inner}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
    return {
      status,
      headers: { 'content-type': 'application/xml' },
      body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
    };
  }
  return {
    status,
    headers: {
      'content-type':
        protocol === 'restJson1'
          ? 'application/json'
          : protocol.replace('awsJson', 'application/x-amz-json-').replace('_', '.'),
      'x-amzn-errortype': name,
      ...(queryCompatible ? { 'x-amzn-query-error': `${code};${sender ? 'Sender' : 'Receiver'}` } : {}),
    },
    body: JSON.stringify({ ...fields, __type: name, message, Message: message }),
  };
};
