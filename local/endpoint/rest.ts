// The REST protocols: members in path, query, headers and body, and back.
import type { NormalizedSchema } from '@smithy/core/schema';
import { fromJson, toJson } from './json.ts';
import type { OperationSchema } from './operations.ts';
import type { RestRequest, Route } from './router.ts';
import { fromText, toText } from './scalars.ts';
import { readXml, structContent, writeElement } from './xml.ts';

interface Traits {
  httpQuery?: string;
  httpHeader?: string;
  httpPrefixHeaders?: string;
  httpQueryParams?: unknown;
  httpLabel?: unknown;
  httpPayload?: unknown;
  httpResponseCode?: unknown;
  xmlName?: string;
}

const traitsOf = (ns: NormalizedSchema): Traits => ns.getMergedTraits() as Traits;
const isInBody = (ns: NormalizedSchema): boolean => {
  const { httpQuery, httpHeader, httpPrefixHeaders, httpQueryParams, httpLabel, httpResponseCode } = traitsOf(ns);
  return ![httpQuery, httpHeader, httpPrefixHeaders, httpQueryParams, httpLabel, httpResponseCode].some(
    (trait) => trait !== undefined,
  );
};

/** Whether the body of this operation is data to be streamed rather than a document to be parsed. */
export const streamsBody = ({ input }: OperationSchema): boolean =>
  [...input.structIterator()].some(([, member]) => traitsOf(member).httpPayload !== undefined && member.isStreaming());

export const readRequest = (
  { operation, labels }: Route,
  { query, headers, given }: RestRequest,
  body: Uint8Array | NodeJS.ReadableStream,
  xml: boolean,
): Record<string, unknown> => {
  const input: Record<string, unknown> = { ...given };
  let inBody = false;
  for (const [name, ns] of operation.input.structIterator()) {
    const { httpQuery, httpHeader, httpPrefixHeaders, httpPayload } = traitsOf(ns);
    if (name in labels) input[name] = fromText(ns, labels[name] as string);
    else if (httpQuery !== undefined) {
      const texts = query.getAll(httpQuery);
      if (texts.length)
        input[name] = ns.isListSchema()
          ? texts.map((text) => fromText(ns.getValueSchema(), text))
          : fromText(ns, texts[0] as string);
    } else if (httpHeader !== undefined) {
      const text = headers[httpHeader.toLowerCase()];
      if (text !== undefined) input[name] = ns.isListSchema() ? String(text).split(/, ?/) : fromText(ns, String(text));
    } else if (httpPrefixHeaders !== undefined) {
      const found = Object.entries(headers).filter(([key]) => key.startsWith(httpPrefixHeaders.toLowerCase()));
      if (found.length)
        input[name] = Object.fromEntries(
          found.map(([key, text]) => [key.slice(httpPrefixHeaders.length), String(text)]),
        );
    } else if (httpPayload !== undefined) {
      const value = readPayload(ns, body, xml);
      if (value !== undefined) input[name] = value;
    } else if (isInBody(ns)) inBody = true;
  }
  if (inBody && body instanceof Uint8Array && body.length) {
    const document = xml
      ? readXml(operation.input, body)
      : fromJson(operation.input, JSON.parse(Buffer.from(body).toString('utf8')), true);
    Object.assign(input, document);
  }
  return input;
};

const readPayload = (ns: NormalizedSchema, body: Uint8Array | NodeJS.ReadableStream, xml: boolean): unknown => {
  if (!(body instanceof Uint8Array) || ns.isStreaming()) return body;
  if (body.length === 0) return undefined;
  if (ns.isBlobSchema()) return body;
  if (ns.isStringSchema()) return Buffer.from(body).toString('utf8');
  return xml ? readXml(ns, body) : fromJson(ns, JSON.parse(Buffer.from(body).toString('utf8')), true);
};

export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array | string | NodeJS.ReadableStream;
}

export const writeReply = (
  operation: OperationSchema,
  output: Record<string, unknown>,
  xml: boolean,
  xmlNamespace?: string,
): Reply => {
  const headers: Record<string, string> = {};
  let status =
    (output.$metadata as { httpStatusCode?: number } | undefined)?.httpStatusCode ?? operation.http?.status ?? 200;
  let payload: { ns: NormalizedSchema; name: string } | undefined;
  let inBody = false;
  for (const [name, ns] of operation.output.structIterator()) {
    const value = output[name];
    const { httpHeader, httpPrefixHeaders, httpPayload, httpResponseCode } = traitsOf(ns);
    if (httpPayload !== undefined) payload = { ns, name };
    else if (isInBody(ns)) inBody = true;
    if (value === undefined || value === null) continue;
    if (httpHeader !== undefined)
      headers[httpHeader.toLowerCase()] = ns.isListSchema() ? (value as unknown[]).join(', ') : headerText(ns, value);
    else if (httpPrefixHeaders !== undefined) {
      for (const [key, text] of Object.entries(value as object))
        headers[`${httpPrefixHeaders}${key}`.toLowerCase()] = String(text);
    } else if (httpResponseCode !== undefined) status = Number(value);
  }
  if (payload) return { status, headers, body: writePayload(payload.ns, output[payload.name], headers, xml) };
  if (!inBody) return { status, headers, body: '' };
  if (!xml) {
    headers['content-type'] = 'application/json';
    const bodyMembers = Object.fromEntries(
      [...operation.output.structIterator()].filter(([, ns]) => isInBody(ns)).map(([name]) => [name, output[name]]),
    );
    return { status, headers, body: JSON.stringify(toJson(operation.output, bodyMembers, true)) };
  }
  headers['content-type'] = 'application/xml';
  const root = traitsOf(operation.output).xmlName ?? operation.output.getName() ?? 'Result';
  const namespace = xmlNamespace ? ` xmlns="${xmlNamespace}"` : '';
  return {
    status,
    headers,
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${namespace}>${structContent(operation.output, output, isInBody)}</${root}>`,
  };
};

const headerText = (ns: NormalizedSchema, value: unknown): string => toText(ns, value, 'http-date');

const writePayload = (
  ns: NormalizedSchema,
  value: unknown,
  headers: Record<string, string>,
  xml: boolean,
): Reply['body'] => {
  if (value === undefined || value === null) return '';
  if (ns.isStreaming() || ns.isBlobSchema() || ns.isStringSchema()) return value as Reply['body'];
  headers['content-type'] = xml ? 'application/xml' : 'application/json';
  if (!xml) return JSON.stringify(toJson(ns, value, true));
  return `<?xml version="1.0" encoding="UTF-8"?>\n${writeElement(traitsOf(ns).xmlName ?? ns.getName() ?? 'Result', ns, value)}`;
};
