// Creating, replacing, patching and deleting, as the API server does it: what a client may change of an object and what not.
import { randomBytes } from 'node:crypto';
import { admitted } from './defaults.ts';
import { alreadyExists, badRequest, invalid, notFound } from './failures.ts';
import type { Deployment, KubeObject, Metadata } from './objects.ts';
import { patched } from './patches.ts';
import { apiVersionOf, DEPLOYMENTS, NAMESPACES, PODS, RESOURCES, type Resource } from './resources.ts';
import { type Draft, type Store, stamp } from './store.ts';

export interface Target {
  resource: Resource;
  namespace: string;
  name: string;
  subresource?: string | undefined;
}

/** @throws {ApiFailure} */
export const createObject = (store: Store, { resource, namespace }: Omit<Target, 'name'>, body: object): KubeObject => {
  const draft = draftOf(resource, namespace, body);
  if (store.get(resource, namespace, draft.metadata.name)) throw alreadyExists(resource, draft.metadata.name);
  if (resource.namespaced && !store.get(NAMESPACES, '', namespace)) throw notFound(NAMESPACES, namespace);
  // Nobody but controllers makes pods here: a bare pod would belong to nothing that runs it.
  if (resource === PODS)
    throw badRequest('pods are made by deployments here; the local cluster does not offer bare pods');
  return store.create(resource, admitted(resource, draft));
};

const draftOf = (resource: Resource, namespace: string, body: object): Draft => {
  const { apiVersion, kind, metadata } = body as Partial<KubeObject>;
  if (apiVersion !== apiVersionOf(resource) || kind !== resource.kind)
    throw badRequest(
      `the object provided (${apiVersion}, ${kind}) is not a ${resource.kind} of ${apiVersionOf(resource)}`,
    );
  if (metadata?.namespace && resource.namespaced && metadata.namespace !== namespace)
    throw badRequest(
      `the namespace of the object (${metadata.namespace}) does not match the namespace of the request (${namespace})`,
    );
  const name =
    metadata?.name || (metadata?.generateName ? `${metadata.generateName}${randomBytes(3).toString('hex')}` : '');
  if (!name) throw invalid(resource, '', 'metadata.name', 'Required value: name or generateName is required');
  return { ...(body as Draft), metadata: { ...metadata, name, ...(resource.namespaced && { namespace }) } };
};

/** @throws {ApiFailure} */
export const replaceObject = (store: Store, target: Target, body: object): KubeObject => {
  const standing = store.named(target.resource, target.namespace, target.name);
  return put(store, target, standing, draftOf(target.resource, target.namespace, body) as unknown as KubeObject);
};

/** @throws {ApiFailure} */
export const patchObject = (store: Store, target: Target, patch: unknown, contentType: string): KubeObject => {
  const standing = store.named(target.resource, target.namespace, target.name);
  const wanted = patched(standing, patch, contentType) as KubeObject;
  // A version in the patch is a condition; without one the patch applies to whatever stands.
  const { resourceVersion } = (patch as { metadata?: { resourceVersion?: string } }).metadata ?? {};
  return put(store, target, standing, {
    ...wanted,
    metadata: { ...wanted.metadata, resourceVersion: resourceVersion ?? standing.metadata.resourceVersion },
  });
};

const put = (store: Store, target: Target, standing: KubeObject, wanted: KubeObject): KubeObject => {
  const { resource, name, subresource } = target;
  const expected = wanted.metadata.resourceVersion || undefined;
  if (subresource === 'status') return store.replace(resource, { ...standing, status: wanted.status }, expected);
  const admittedObject = admitted(resource, wanted);
  if (resource === DEPLOYMENTS) assertSameSelector(standing as Deployment, admittedObject as unknown as Deployment);
  const specChanged = JSON.stringify(sorted(standing.spec)) !== JSON.stringify(sorted(admittedObject.spec));
  const { labels, annotations, ownerReferences } = admittedObject.metadata;
  const kept: Metadata = { ...standing.metadata };
  delete kept.labels;
  delete kept.annotations;
  return store.replace(
    resource,
    {
      ...admittedObject,
      apiVersion: apiVersionOf(resource),
      kind: resource.kind,
      // The status belongs to the controllers.
      ...('status' in standing && { status: standing.status }),
      metadata: {
        ...kept,
        name,
        ...(labels && { labels }),
        ...(annotations && { annotations }),
        ...(ownerReferences && { ownerReferences }),
        generation: (standing.metadata.generation ?? 1) + (specChanged ? 1 : 0),
      },
    },
    expected,
  );
};

const assertSameSelector = (standing: Deployment, wanted: Deployment): void => {
  const [before, after] = [standing, wanted].map(({ spec }) => JSON.stringify(sorted(spec.selector)));
  if (before !== after)
    throw invalid(DEPLOYMENTS, standing.metadata.name, 'spec.selector', 'Invalid value: field is immutable');
};

/** The same content has the same text, whatever the order of its fields. */
export const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
};

/** A pod ends before it is gone, a namespace goes with everything in it; anything else is gone at once. */
export const deleteObject = (store: Store, now: Date, { resource, namespace, name }: Target): KubeObject => {
  const object = store.named(resource, namespace, name);
  if (resource === PODS) {
    store.change(resource, object, ({ metadata }) => {
      metadata.deletionTimestamp ??= stamp(now);
    });
    return store.named(resource, namespace, name);
  }
  if (resource === NAMESPACES) {
    const inside = RESOURCES.filter(({ namespaced }) => namespaced);
    for (const kind of inside)
      for (const { metadata } of store.list(kind, name))
        deleteObject(store, now, { resource: kind, namespace: name, name: metadata.name });
  }
  store.remove(resource, object);
  return object;
};
