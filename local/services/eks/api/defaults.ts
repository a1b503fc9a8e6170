// What the API server fills in, and what it refuses: an object that would be run wrongly here is not accepted.
import { invalid } from './failures.ts';
import type { Container, Deployment, KubeObject, PodSpec, Probe, Secret, Service } from './objects.ts';
import { DEPLOYMENTS, qualified, type Resource, SECRETS, SERVICES } from './resources.ts';
import { matchesLabels } from './selectors.ts';
import type { Draft } from './store.ts';

type Refuse = (field: string, message: string) => never;

/** The object with its defaults. @throws {ApiFailure} Invalid, naming the field. */
export const admitted = <T extends Draft>(resource: Resource, draft: T): T => {
  const { name } = draft.metadata;
  const refuse: Refuse = (field, message) => {
    throw invalid(resource, name, field, message);
  };
  if (!/^[a-z0-9]([a-z0-9.:-]{0,251}[a-z0-9])?$/.test(name))
    refuse('metadata.name', `Invalid value: "${name}": a lowercase RFC 1123 subdomain`);
  const admit = ADMISSION[qualified(resource)];
  return admit ? (admit(structuredClone(draft) as unknown as KubeObject, refuse) as unknown as T) : draft;
};

const deployment = (object: KubeObject, refuse: Refuse): KubeObject => {
  const given = object as Deployment;
  const { spec } = given;
  const labels = spec?.template?.metadata?.labels ?? {};
  const { matchLabels } = spec?.selector ?? {};
  if (!matchLabels || Object.keys(matchLabels).length === 0) refuse('spec.selector', 'Required value: matchLabels');
  if (!matchesLabels(labels, matchLabels))
    refuse('spec.template.metadata.labels', '`selector` does not match template `labels`');
  if (!isCount(spec.replicas ?? 1)) refuse('spec.replicas', `Invalid value: ${spec.replicas}: must be 0 or more`);
  for (const field of ['minReadySeconds', 'paused'] as const)
    if ((spec as unknown as Record<string, unknown>)[field]) refuse(`spec.${field}`, NOT_OFFERED);
  const rollingUpdate = { maxSurge: '25%', maxUnavailable: '25%', ...spec.strategy?.rollingUpdate };
  return {
    ...given,
    status: given.status ?? {},
    spec: {
      ...spec,
      replicas: spec.replicas ?? 1,
      progressDeadlineSeconds: spec.progressDeadlineSeconds ?? 600,
      strategy:
        spec.strategy?.type === 'Recreate' ? { type: 'Recreate' } : { type: 'RollingUpdate' as const, rollingUpdate },
      template: { ...spec.template, spec: podSpec(spec.template.spec, refuse) },
    },
  } satisfies Deployment;
};

const isCount = (value: number): boolean => Number.isInteger(value) && value >= 0;

const NOT_OFFERED = 'Forbidden: the local cluster does not offer it';
const UNKNOWN_TO_PODS = ['volumes', 'initContainers', 'hostNetwork', 'ephemeralContainers'];
const UNKNOWN_TO_CONTAINERS = ['livenessProbe', 'startupProbe', 'lifecycle', 'volumeMounts', 'command', 'workingDir'];

const podSpec = (spec: PodSpec, refuse: Refuse): PodSpec => {
  const at = 'spec.template.spec';
  refuseUnknown(spec, UNKNOWN_TO_PODS, at, refuse);
  const containers = spec?.containers ?? [];
  if (containers.length !== 1)
    refuse(`${at}.containers`, `pods of the local cluster have one container, found ${containers.length}`);
  return {
    ...spec,
    terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds ?? 30,
    containers: containers.map((container, index) => containerOf(container, `${at}.containers[${index}]`, refuse)),
  };
};

const containerOf = (container: Container, at: string, refuse: Refuse): Container => {
  refuseUnknown(container, UNKNOWN_TO_CONTAINERS, at, refuse);
  if (!container.name || !container.image) refuse(at, 'Required value: name and image');
  const { readinessProbe } = container;
  if (readinessProbe && !readinessProbe.httpGet) refuse(`${at}.readinessProbe`, `${NOT_OFFERED}, other than httpGet`);
  return {
    ...container,
    terminationMessagePolicy: container.terminationMessagePolicy ?? 'File',
    ...(readinessProbe && { readinessProbe: { ...PROBE, ...readinessProbe } }),
  };
};

const PROBE: Probe = { periodSeconds: 10, timeoutSeconds: 1, failureThreshold: 3, successThreshold: 1 };

const refuseUnknown = (given: object, unknown: string[], at: string, refuse: Refuse): void => {
  const found = unknown.find((field) => {
    const value = (given as Record<string, unknown>)[field];
    return Array.isArray(value) ? value.length > 0 : Boolean(value);
  });
  if (found) refuse(`${at}.${found}`, NOT_OFFERED);
};

const service = (object: KubeObject, refuse: Refuse): KubeObject => {
  const given = object as Service;
  const type = given.spec?.type ?? 'ClusterIP';
  if (type !== 'ClusterIP' && type !== 'LoadBalancer') refuse('spec.type', `${NOT_OFFERED}: ${type}`);
  if (!given.spec?.ports?.length) refuse('spec.ports', 'Required value');
  const ports = given.spec.ports.map((port) => ({
    ...port,
    protocol: 'TCP',
    targetPort: port.targetPort ?? port.port,
  }));
  return {
    ...given,
    spec: { ...given.spec, type, ports },
    status: given.status ?? { loadBalancer: {} },
  } satisfies Service;
};

const secret = (object: KubeObject): KubeObject => {
  const { stringData = {}, ...given } = object as Secret;
  const encoded = Object.entries(stringData).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
  return { type: 'Opaque', ...given, data: { ...given.data, ...Object.fromEntries(encoded) } };
};

const ADMISSION: Record<string, (object: KubeObject, refuse: Refuse) => KubeObject> = {
  [qualified(DEPLOYMENTS)]: deployment,
  [qualified(SERVICES)]: service,
  [qualified(SECRETS)]: secret,
};
