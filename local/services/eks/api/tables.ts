// What `kubectl get` prints: columns made by the server, where the client asks for them.
import type { Clock } from '../../../types.ts';
import { type Deployment, isReady, type KubeObject, type Pod, type Service } from './objects.ts';

type Cells = Record<string, (object: KubeObject) => string | number>;

export const wantsTable = (accept: string | undefined): boolean => /as=Table;[^,]*v=v1\b|as=Table/.test(accept ?? '');

export const tableOf = (clock: Clock, objects: KubeObject[], resourceVersion: string): object => {
  const cells: Cells = {
    Name: ({ metadata }) => metadata.name,
    ...COLUMNS[objects[0]?.kind ?? ''],
    Age: ({ metadata }) => age(clock.now().getTime() - Date.parse(metadata.creationTimestamp)),
  };
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion },
    columnDefinitions: Object.keys(cells).map((name) => ({
      name,
      type: 'string',
      format: name === 'Name' ? 'name' : '',
      description: '',
      priority: 0,
    })),
    rows: objects.map((object) => ({
      cells: Object.values(cells).map((cell) => cell(object)),
      object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata },
    })),
  };
};

/** What a pod's state is called in one word: why its container waits, or its phase. */
const podState = ({ metadata, status }: Pod): string => {
  if (metadata.deletionTimestamp) return 'Terminating';
  const { waiting, terminated } = status.containerStatuses[0]?.state ?? {};
  return waiting?.reason ?? terminated?.reason ?? status.phase;
};

const COLUMNS: Record<string, Cells> = {
  Pod: {
    Ready: (pod) => `${isReady(pod as Pod) ? 1 : 0}/1`,
    Status: (pod) => podState(pod as Pod),
    Restarts: (pod) => (pod as Pod).status.containerStatuses[0]?.restartCount ?? 0,
  },
  Deployment: {
    Ready: (object) => `${(object as Deployment).status.readyReplicas ?? 0}/${(object as Deployment).spec.replicas}`,
    'Up-to-date': (object) => (object as Deployment).status.updatedReplicas ?? 0,
    Available: (object) => (object as Deployment).status.availableReplicas ?? 0,
  },
  Service: {
    Type: (object) => (object as Service).spec.type,
    'External-IP': (object) => (object as Service).status.loadBalancer.ingress?.[0]?.hostname ?? '<none>',
    'Port(s)': (object) => (object as Service).spec.ports.map(({ port }) => `${port}/TCP`).join(','),
  },
  Event: {
    Type: ({ type }) => String(type),
    Reason: ({ reason }) => String(reason),
    Object: ({ involvedObject }) => {
      const { kind, name } = involvedObject as { kind: string; name: string };
      return `${kind.toLowerCase()}/${name}`;
    },
    Message: ({ message }) => String(message),
  },
  ConfigMap: { Data: ({ data }) => Object.keys((data ?? {}) as object).length },
};

const age = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
};
