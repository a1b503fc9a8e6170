// A request in the protocol of its service, made a call, and its output made a reply.
import type { IncomingMessage } from 'node:http';
import { ApiError } from '../service.ts';
import type { Caller, Region, Service } from '../types.ts';
import { bucketOf } from './addressing.ts';
import { document, plainHeaders, streamed } from './bodies.ts';
import { fromJson, toJson } from './json.ts';
import { type OperationSchema, schemaOf } from './operations.ts';
import { parseForm, readFields } from './query.ts';
import { type Reply, readRequest, streamsBody, writeReply } from './rest.ts';
import { route } from './router.ts';
import { escapeXml, structContent } from './xml.ts';

export interface Exchange {
  request: IncomingMessage;
  /** As it came, still encoded: a key may hold `//` and `/../`. */
  path: string;
  query: URLSearchParams;
  region: Region;
  service: Service;
  caller: Caller;
  requestId: string;
}

export const perform = (exchange: Exchange): Promise<Reply> => {
  const { protocol } = schemaOf(exchange.service);
  if (protocol === 'awsQuery') return performQuery(exchange);
  return protocol.startsWith('awsJson') ? performJson(exchange) : performRest(exchange);
};

const call = (
  { region, service, caller }: Exchange,
  operation: OperationSchema,
  input: unknown,
): Promise<Record<string, unknown>> => region.call(service.signingName, operation.name, input as object, caller);

const named = ({ service }: Exchange, name: string): OperationSchema => {
  const operation = schemaOf(service).operations.get(name);
  if (operation) return operation;
  throw new ApiError('InvalidAction', 400, `The service ${service.signingName} has no operation ${name}.`);
};

const performQuery = async (exchange: Exchange): Promise<Reply> => {
  const body = await document(exchange.request);
  const form = parseForm(body.length ? body.toString('utf8') : exchange.query.toString());
  const operation = named(exchange, form.children.get('Action')?.text ?? '');
  const output = await call(exchange, operation, readFields(operation.input, form));
  const content = structContent(operation.output, output ?? {});
  const { name } = operation;
  const result = operation.output.isStructSchema() ? `<${name}Result>${content}</${name}Result>` : '';
  const meta = `<ResponseMetadata><RequestId>${exchange.requestId}</RequestId></ResponseMetadata>`;
  const { xmlNamespace = '' } = schemaOf(exchange.service);
  return {
    status: 200,
    headers: { 'content-type': 'text/xml' },
    body: `<${name}Response xmlns="${xmlNamespace}">${result}${meta}</${name}Response>`,
  };
};

const performJson = async (exchange: Exchange): Promise<Reply> => {
  const target = String(exchange.request.headers['x-amz-target'] ?? '');
  const operation = named(exchange, target.slice(target.indexOf('.') + 1));
  const body = await document(exchange.request);
  const output = await call(exchange, operation, fromJson(operation.input, parsed(body)) ?? {});
  const type = exchange.request.headers['content-type'] ?? 'application/x-amz-json-1.0';
  return {
    status: 200,
    headers: { 'content-type': type },
    body: JSON.stringify(toJson(operation.output, output) ?? {}),
  };
};

const parsed = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString('utf8') || '{}');
  } catch (cause) {
    throw new ApiError('SerializationException', 400, `The body is no JSON: ${(cause as Error).message}.`, { cause });
  }
};

const performRest = async (exchange: Exchange): Promise<Reply> => {
  const { request, query, service } = exchange;
  const { protocol, xmlNamespace } = schemaOf(service);
  const { path, given } =
    service.signingName === 's3' ? bucketOf(exchange.path, request.headers.host) : { path: exchange.path, given: {} };
  const rest = { method: request.method ?? 'GET', path, query, headers: plainHeaders(request.headers), given };
  const found = route(service, rest);
  if (!found) {
    const asked = `${rest.method} ${request.url}`;
    throw new ApiError('UnknownOperation', 404, `No operation of ${service.signingName} answers ${asked}.`);
  }
  const { operation } = found;
  const body = streamsBody(operation) ? streamed(request) : await document(request);
  const output = await call(exchange, operation, readRequest(found, rest, body, protocol === 'restXml'));
  const reply = writeReply(operation, output ?? {}, protocol === 'restXml', xmlNamespace);
  if (operation.name === 'GetBucketLocation') return { ...reply, body: locationBody(output) };
  if (output?.ContentRange !== undefined) reply.status = PARTIAL;
  return request.method === 'HEAD' ? { ...reply, body: '' } : reply;
};

/** The schema of GetObject says 200, whatever is asked for. */
const PARTIAL = 206;

/** The one operation whose root is its only member. */
const locationBody = ({ LocationConstraint }: Record<string, unknown>): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${escapeXml(String(LocationConstraint ?? ''))}</LocationConstraint>`;
