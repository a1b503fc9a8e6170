// Lists and watches.
import type { ServerResponse } from 'node:http';
import { ApiFailure } from './failures.ts';
import type { KubeObject } from './objects.ts';
import type { RequestInfo } from './requests.ts';
import { apiVersionOf } from './resources.ts';
import { fieldSelector, labelSelector, type Selector } from './selectors.ts';
import type { Change, Store } from './store.ts';

export const listObjects = (store: Store, { resource, namespace }: RequestInfo, query: URLSearchParams) => {
  const fits = selectorOf(query);
  return {
    kind: `${resource.kind}List`,
    apiVersion: apiVersionOf(resource),
    metadata: { resourceVersion: store.version() },
    items: store.list(resource, namespace || undefined).filter(fits),
  };
};

const selectorOf = (query: URLSearchParams): Selector => {
  const [labels, fields] = [labelSelector(query.get('labelSelector')), fieldSelector(query.get('fieldSelector'))];
  return (object) => labels(object) && fields(object);
};

/** How long a watch lasts that names no time: clients start again by themselves. */
const LONGEST_SECONDS = 1800;

/** Writes changes as they happen, one JSON document a line, until the client leaves or its time is over. @throws {ApiFailure} */
export const watchObjects = (
  store: Store,
  info: RequestInfo,
  query: URLSearchParams,
  response: ServerResponse,
  render: (object: KubeObject) => object,
): void => {
  if (query.get('sendInitialEvents'))
    throw new ApiFailure(422, 'Invalid', 'sendInitialEvents: Forbidden: the local cluster does not offer it');
  const fits = selectorOf(query);
  const since = query.get('resourceVersion') ?? '';
  const write = (type: string, object: object): void => void response.write(`${JSON.stringify({ type, object })}\n`);
  const tell = ({ type, resource, object, before }: Change): void => {
    if (resource !== info.resource || (info.namespace && object.metadata.namespace !== info.namespace)) return;
    const seen = type === 'ADDED' || !before ? false : fits(before);
    const seeable = type !== 'DELETED' && fits(object);
    if (seeable) write(seen ? 'MODIFIED' : 'ADDED', render(object));
    else if (seen) write('DELETED', render(object));
  };
  const fromNow = since === '' || since === '0';
  response.setHeader('content-type', 'application/json');
  const stop = store.watch(fromNow ? store.version() : since, tell);
  response.flushHeaders();
  if (fromNow) for (const object of listObjects(store, info, query).items) write('ADDED', render(object));
  const seconds = Number(query.get('timeoutSeconds')) || LONGEST_SECONDS;
  const timer = setTimeout(() => response.end(), seconds * 1000);
  timer.unref();
  response.on('close', () => {
    clearTimeout(timer);
    stop();
  });
};
