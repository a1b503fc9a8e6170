// Requests as bytes on the wire, for what no client would send.
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Region } from '../../../local/types.ts';

/** As the operator signs it; `service` is the signing name. */
export const authorization = (service = 's3', region = 'us-east-1', accessKeyId = 'operator'): string =>
  `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20261120/${region}/${service}/aws4_request, SignedHeaders=host, Signature=00`;

export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: string;
}

export const raw = async (
  { endpoint }: Region,
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: Readable | string } = {},
): Promise<Answer> => {
  const { hostname, port } = new URL(endpoint);
  const request = httpRequest({
    hostname,
    port,
    method,
    path,
    headers: { authorization: authorization(), ...headers },
  });
  if (body === undefined || typeof body === 'string') request.end(body);
  else body.pipe(request);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
};
