// The objects of one cluster, every change numbered: what lists, watches and controllers are made of.
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../types.ts';
import { alreadyExists, conflict, expired, notFound } from './failures.ts';
import type { KubeObject, Metadata } from './objects.ts';
import { apiVersionOf, type Resource } from './resources.ts';

export interface Change {
  version: number;
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  resource: Resource;
  object: KubeObject;
  /** As it was before, for selectors that it no longer fits. */
  before?: KubeObject;
}

/** What comes from a client: the rest of the metadata is the server's. */
export interface Draft {
  metadata: Partial<Metadata> & { name: string };
  [field: string]: unknown;
}

export interface Store {
  version(): string;
  get<T extends KubeObject>(resource: Resource, namespace: string, name: string): T | undefined;
  /** @throws {ApiFailure} NotFound */
  named<T extends KubeObject>(resource: Resource, namespace: string, name: string): T;
  list<T extends KubeObject>(resource: Resource, namespace?: string): T[];
  create<T extends KubeObject>(resource: Resource, draft: Draft): T;
  /** Puts an object in the place of the one of its name. @throws {ApiFailure} Conflict when `expected` is not its version. */
  replace<T extends KubeObject>(resource: Resource, object: T, expected?: string): T;
  /** Changes a copy of an object and puts it in its place; nothing happens where it is gone, or nothing changed. */
  change<T extends KubeObject>(resource: Resource, of: T, change: (draft: T) => void): void;
  remove(resource: Resource, object: KubeObject): void;
  /** What happened after a version, then what happens. Returns the end. @throws {ApiFailure} Expired */
  watch(since: string, listener: (change: Change) => void): () => void;
}

const REMEMBERED = 5_000;

/** Objects that are handed out must not be changed; every change makes a new one. */
export const createStore = (clock: Clock): Store => {
  const objects = new Map<string, KubeObject>();
  const history: Change[] = [];
  const listeners = new Set<(change: Change) => void>();
  let version = 1;

  const keyOf = (resource: Resource, namespace: string, name: string): string =>
    `${apiVersionOf(resource)}/${resource.plural}/${resource.namespaced ? namespace : ''}/${name}`;
  const keyFor = (resource: Resource, { namespace = '', name }: Metadata): string => keyOf(resource, namespace, name);
  const record = (change: Omit<Change, 'version'>): void => {
    const recorded = { version, ...change };
    history.push(recorded);
    if (history.length > REMEMBERED) history.shift();
    for (const listener of [...listeners]) listener(recorded);
  };
  const numbered = <T extends KubeObject>(object: T): T => {
    version += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
  };
  const get = <T extends KubeObject>(resource: Resource, namespace: string, name: string): T | undefined =>
    objects.get(keyOf(resource, namespace, name)) as T | undefined;
  const named = <T extends KubeObject>(resource: Resource, namespace: string, name: string): T => {
    const found = get<T>(resource, namespace, name);
    if (found) return found;
    throw notFound(resource, name);
  };
  const replace = <T extends KubeObject>(resource: Resource, object: T, expectedVersion?: string): T => {
    const { namespace = '', name } = object.metadata;
    const before = named(resource, namespace, name);
    if (expectedVersion && expectedVersion !== before.metadata.resourceVersion) throw conflict(resource, name);
    const after = numbered(object);
    if (withoutVersion(before) === withoutVersion(after)) return before as T;
    objects.set(keyFor(resource, after.metadata), after);
    record({ type: 'MODIFIED', resource, object: after, before });
    return after;
  };

  return {
    version: () => String(version),
    get,
    named,
    list: <T extends KubeObject>(resource: Resource, namespace?: string) => {
      const prefix = keyOf(resource, namespace ?? '', '').replace(/\/\/$/, '/');
      const found: T[] = [];
      for (const [key, object] of objects) if (key.startsWith(prefix)) found.push(object as T);
      return found.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    },
    create: <T extends KubeObject>(resource: Resource, { metadata, ...content }: Draft) => {
      const key = keyOf(resource, metadata.namespace ?? '', metadata.name);
      if (objects.has(key)) throw alreadyExists(resource, metadata.name);
      const object = numbered({
        ...content,
        apiVersion: apiVersionOf(resource),
        kind: resource.kind,
        metadata: {
          ...metadata,
          uid: randomUUID(),
          generation: 1,
          creationTimestamp: stamp(clock.now()),
        } as Metadata,
      });
      objects.set(key, object);
      record({ type: 'ADDED', resource, object });
      return object as unknown as T;
    },
    replace,
    change: <T extends KubeObject>(resource: Resource, of: T, change: (draft: T) => void) => {
      const standing = get<T>(resource, of.metadata.namespace ?? '', of.metadata.name);
      if (standing?.metadata.uid !== of.metadata.uid) return;
      const draft = structuredClone(standing);
      change(draft);
      replace(resource, draft);
    },
    remove: (resource, object) => {
      const key = keyFor(resource, object.metadata);
      const before = objects.get(key);
      if (!before) return;
      objects.delete(key);
      record({ type: 'DELETED', resource, object: numbered(before), before });
    },
    watch: (since, listener) => {
      const oldest = history[0]?.version ?? version;
      if (Number(since) < oldest - 1) throw expired(since, String(oldest));
      for (const change of history) if (change.version > Number(since)) listener(change);
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
};

const withoutVersion = ({ metadata: { resourceVersion: _, ...metadata }, ...rest }: KubeObject): string =>
  JSON.stringify({ metadata, ...rest });

const nameOf = ({ metadata: { namespace = '', name } }: KubeObject): string => `${namespace}/${name}`;

/** Times of Kubernetes have no fractions of a second. */
export const stamp = (time: Date): string => `${time.toISOString().slice(0, 19)}Z`;
