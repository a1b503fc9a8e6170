// Interfaces over HTTP that stand beside a cluster: JSON there and back, a login from a secret, errors in this service's names.
// Neither the login nor what is sent appears in an error: configurations of connectors hold secrets.
import type { Endpoint } from '../config/kafka.ts';
import { settings } from '../config/settings.ts';
import { Json } from '../json.ts';
import { readLogin } from './credentials.ts';
import { RestAccessDenied, RestRefused, RestUnreachable } from './errors.ts';

export interface Answer {
  status: number;
  /** Undefined where there is none. */
  body: unknown;
  /** `error_code` of the body, or the status. */
  code: number;
  /** What is said, where it says something. */
  message: string;
}

export interface Request {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  body?: unknown;
  /** Status or error code that the caller understands; any other beyond 2xx is thrown. */
  expected?: readonly number[];
}

export interface Rest {
  /** What it is, and where, for errors. */
  source: string;
  /** @throws {RestUnreachable} {RestAccessDenied} {RestRefused} */
  ask(request: Request): Promise<Answer>;
}

const PATIENCE_MS = 30_000;
/** A document of an archive has to be read again. */
const MOST_BYTES = 32 * 1024 * 1024;

export const addressHere = ({ url }: Pick<Endpoint, 'url'>): string =>
  typeof url === 'string' ? url : url[settings().role];

/** @throws {KafkaAccessDenied} where there is no login */
export const openRest = async (what: string, name: string, endpoint: Endpoint, signal?: AbortSignal): Promise<Rest> => {
  const url = addressHere(endpoint);
  const source = `${name}, ${what} at ${url}`;
  const headers: Record<string, string> = { accept: 'application/json' };
  if (endpoint.secret) {
    const { username, password } = await readLogin(name, endpoint.secret);
    headers.authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }
  return {
    source,
    async ask({ method, path, body, expected = [] }) {
      const asked = `an answer to ${method} ${path}`;
      const patience = AbortSignal.timeout(PATIENCE_MS);
      const [status, text] = await fetch(`${url}${path}`, {
        method,
        headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // Whoever follows a redirect takes the login along.
        redirect: 'manual',
        signal: signal ? AbortSignal.any([patience, signal]) : patience,
      })
        .then(async (response): Promise<[number, string]> => [response.status, await textOf(response)])
        .catch((error: unknown) => {
          throw unreachable(source, asked, reasonOf(error), error);
        });
      const answer = { status, ...understood(text, status) };
      if (status < 300 || expected.includes(status) || expected.includes(answer.code)) return answer;
      const found = `${status} ${answer.message}`.trim();
      if (status === 401 || status === 403)
        throw new RestAccessDenied('the login is not accepted, or may not do this.', {
          ...{ source, expected: asked, found },
          next: `Compare the secret with its users, or name the secret in the configuration${endpoint.secret ? '' : ': there is none'}.`,
        });
      if (status === 429 || status >= 500) throw unreachable(source, asked, found);
      throw new RestRefused('it refuses.', {
        ...{ source, expected: asked, found },
        next: 'Look at its log; correct what it names.',
      });
    },
  };
};

const textOf = async (response: Response): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new RangeError(`an answer of more than ${MOST_BYTES} bytes`);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const understood = (text: string, status: number): Omit<Answer, 'status'> => {
  const { data: body } = Json.safeParse(text);
  const { error_code: code, message } = (body ?? {}) as { error_code?: unknown; message?: unknown };
  return {
    body,
    code: typeof code === 'number' ? code : status,
    message: typeof message === 'string' && status >= 300 ? message.slice(0, 500) : '',
  };
};

/** fetch says "fetch failed" and keeps the reason in its cause. */
const reasonOf = (error: unknown): string => {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${(cause as NodeJS.ErrnoException).code ?? cause.message}` : message;
};

const unreachable = (source: string, expected: string, found: string, cause?: unknown): RestUnreachable =>
  new RestUnreachable(
    'it does not answer, or cannot at the moment.',
    {
      ...{ source, expected, found },
      next: 'Look whether it runs, and at security groups and subnets between the functions and it; then try again.',
    },
    { cause },
  );
