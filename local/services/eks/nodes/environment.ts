// The environment of a container: values, references to config maps and secrets, and fields of the pod.
import type { ConfigMap, Container, EnvFrom, EnvVar, KeyReference, KubeObject, Pod, Secret } from '../api/objects.ts';
import { CONFIG_MAPS, type Resource, SECRETS } from '../api/resources.ts';
import type { Store } from '../api/store.ts';

/** A reference leads nowhere: the container cannot be started, and is tried again. */
export class ContainerConfigInvalid extends Error {
  override readonly name = 'ContainerConfigInvalid';
}

/** @throws {ContainerConfigInvalid} worded as the kubelet words it. */
export const environmentOf = (store: Store, pod: Pod, container: Container): Record<string, string> => {
  const values = (resource: Resource, name: string): Record<string, string> | undefined => {
    const object = store.get<KubeObject>(resource, pod.metadata.namespace ?? '', name);
    if (!object) return undefined;
    return resource === SECRETS ? decoded(object as Secret) : ((object as ConfigMap).data ?? {});
  };
  const all = (container.envFrom ?? []).map((from) => allOf(from, values));
  const single = (container.env ?? []).map((variable) => oneOf(variable, pod, values));
  return Object.assign({}, ...all, ...single) as Record<string, string>;
};

type Values = (resource: Resource, name: string) => Record<string, string> | undefined;

const decoded = ({ data = {} }: Secret): Record<string, string> =>
  Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString('utf8')]));

const KIND = new Map([
  [CONFIG_MAPS, 'configmap'],
  [SECRETS, 'secret'],
]);

const allOf = ({ prefix = '', configMapRef, secretRef }: EnvFrom, values: Values): Record<string, string> => {
  const resource = secretRef ? SECRETS : CONFIG_MAPS;
  const { name = '', optional = false } = secretRef ?? configMapRef ?? {};
  const found = values(resource, name);
  if (!found && !optional) throw new ContainerConfigInvalid(`${KIND.get(resource)} "${name}" not found`);
  return Object.fromEntries(Object.entries(found ?? {}).map(([key, value]) => [`${prefix}${key}`, value]));
};

const oneOf = ({ name, value, valueFrom }: EnvVar, pod: Pod, values: Values): Record<string, string> => {
  const { configMapKeyRef, secretKeyRef, fieldRef } = valueFrom ?? {};
  if (fieldRef) return { [name]: fieldOf(pod, fieldRef.fieldPath) };
  const [resource, reference] = secretKeyRef ? [SECRETS, secretKeyRef] : [CONFIG_MAPS, configMapKeyRef];
  if (!reference) return { [name]: value ?? '' };
  const found = referred(resource, reference, values);
  return found === undefined ? {} : { [name]: found };
};

const referred = (resource: Resource, reference: KeyReference, values: Values): string | undefined => {
  const { name, key, optional = false } = reference;
  const object = values(resource, name);
  if (object?.[key] !== undefined || optional) return object?.[key];
  const kind = KIND.get(resource);
  throw new ContainerConfigInvalid(
    object ? `couldn't find key ${key} in ${kind} ${name}` : `${kind} "${name}" not found`,
  );
};

/** The fields of the downward API that are offered. */
const fieldOf = ({ metadata, status }: Pod, path: string): string => {
  const fields: Record<string, string | undefined> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'status.podIP': status.podIP,
  };
  if (!(path in fields)) throw new ContainerConfigInvalid(`fieldPath ${path}: the local cluster does not offer it`);
  return fields[path] ?? '';
};
