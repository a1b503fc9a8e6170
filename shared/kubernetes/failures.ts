// What the client throws, as an error of ours.
import { ApiException } from '@kubernetes/client-node';
import type { LifeboatError } from '../errors.ts';
import { ClusterAccessDenied, ClusterUnreachable, KubernetesObjectMissing, KubernetesRefused } from './errors.ts';

/** Where a request was about to do what. */
export interface Request {
  cluster: string;
  namespace: string;
  /** `configmap endpoints`. */
  object: string;
  action: string;
}

export const failureOf = (error: unknown, request: Request): LifeboatError => {
  const source = `${request.cluster}, namespace ${request.namespace}, ${request.object}`;
  const options = { cause: error };
  if (!(error instanceof ApiException)) {
    const facts = {
      source,
      expected: `an answer to ${request.action}`,
      found: describe(error),
      next: 'It is tried again. If this repeats, look at the cluster in the EKS console, and at the way from the function to its endpoint.',
    };
    return new ClusterUnreachable('the API server of the cluster cannot be reached.', facts, options);
  }
  const { code } = error;
  const found = `${code} ${messageOf(error)}`;
  const expected = request.action;
  if (code === 401) {
    const next = "Create an access entry for the function's role in the cluster (docs/kubernetes.md).";
    return new ClusterAccessDenied(
      'the cluster does not know this function.',
      { source, expected, found, next },
      options,
    );
  }
  if (code === 403) {
    const next = "Give the access entry's group this permission in the namespace (docs/kubernetes.md).";
    return new ClusterAccessDenied('the cluster does not allow this.', { source, expected, found, next }, options);
  }
  if (code === 404) {
    const next = 'Create it in the cluster, or correct the name in the configuration.';
    return new KubernetesObjectMissing('the cluster has no such object.', { source, expected, found, next }, options);
  }
  if (code === 429 || code >= 500) {
    const next = 'It is tried again. If this repeats, look at the health of the cluster in the EKS console.';
    return new ClusterUnreachable(
      'the API server does not serve this now.',
      { source, expected, found, next },
      options,
    );
  }
  const next = 'Correct what the API server names, in the cluster or in the configuration, and redrive.';
  return new KubernetesRefused('the API server refused.', { source, expected, found, next }, options);
};

/** fetch says "fetch failed" and keeps the reason in its cause. */
const describe = (error: unknown): string => {
  const { name, message, cause } = error as Error;
  const inner = cause as (Error & { code?: string }) | undefined;
  return inner ? `${inner.code ?? inner.name}: ${inner.message}` : `${name}: ${message}`;
};

/** The message of the API's Status object, which says what is missing. */
const messageOf = ({ body, message }: ApiException<unknown>): string => {
  const status = typeof body === 'string' && body.startsWith('{') ? (JSON.parse(body) as { message?: string }) : {};
  return status.message ?? (message.includes('Unauthorized') ? 'Unauthorized' : String(body ?? ''));
};
