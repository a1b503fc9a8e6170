// Requests to the API server of a test cluster, as any HTTP client would make them.
import { request } from 'node:https';
import { json } from 'node:stream/consumers';
import type { TestCluster } from '../../../support/cluster.ts';

export interface TokenParts {
  accessKeyId?: string;
  host?: string;
  action?: string;
  signed?: string;
  expires?: string;
  at?: Date;
}

/** A token as `aws eks get-token` makes it, or with one of its parts wrong. */
export const tokenOf = ({ world }: TestCluster, parts: TokenParts = {}): string => {
  const date = (parts.at ?? world.clock.now()).toISOString().replace(/[-:]|\.\d+/g, '');
  const query = new URLSearchParams({
    Action: parts.action ?? 'GetCallerIdentity',
    Version: '2011-06-15',
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${parts.accessKeyId ?? 'operator'}/${date.slice(0, 8)}/us-west-2/sts/aws4_request`,
    'X-Amz-Date': date,
    'X-Amz-Expires': parts.expires ?? '60',
    'X-Amz-SignedHeaders': parts.signed ?? 'host;x-k8s-aws-id',
    'X-Amz-Signature': 'any',
  });
  const url = `https://${parts.host ?? 'sts.us-west-2.amazonaws.com'}/?${query}`;
  return `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`;
};

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what the API answers, looked at by tests.
  body: any;
}

interface Ask {
  method?: string;
  body?: object;
  type?: string;
  token?: string;
  accept?: string;
}

export const ask = (test: TestCluster, path: string, options: Ask = {}): Promise<Answer> => {
  const {
    method = 'GET',
    body,
    type = 'application/json',
    token = tokenOf(test),
    accept = 'application/json',
  } = options;
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': type, accept };
    const { endpoint, authority } = test.cluster;
    const asked = request(`${endpoint}${path}`, { method, ca: authority, headers, agent: false }, (response) => {
      json(response).then((content) => resolve({ status: response.statusCode ?? 0, body: content }), reject);
    });
    asked.on('error', reject);
    asked.end(body && JSON.stringify(body));
  });
};
