// Kubernetes objects as they stand in the store: JSON as the API shows it. Only fields that something here reads have types.
export interface Metadata {
  name: string;
  namespace?: string;
  generateName?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string; controller?: boolean }[];
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
  [field: string]: unknown;
}

export interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
}

/** Values are base64. */
export interface Secret extends KubeObject {
  data?: Record<string, string>;
  stringData?: Record<string, string>;
}

export interface KeyReference {
  name: string;
  key: string;
  optional?: boolean;
}

export interface EnvVar {
  name: string;
  value?: string;
  valueFrom?: {
    configMapKeyRef?: KeyReference;
    secretKeyRef?: KeyReference;
    fieldRef?: { fieldPath: string };
  };
}

export interface EnvFrom {
  prefix?: string;
  configMapRef?: { name: string; optional?: boolean };
  secretRef?: { name: string; optional?: boolean };
}

export interface Probe {
  httpGet?: { path?: string; port: number | string };
  initialDelaySeconds?: number;
  periodSeconds: number;
  timeoutSeconds: number;
  failureThreshold: number;
  successThreshold: number;
}

export interface Container {
  name: string;
  image: string;
  args?: string[];
  env?: EnvVar[];
  envFrom?: EnvFrom[];
  ports?: { name?: string; containerPort: number }[];
  readinessProbe?: Probe;
  terminationMessagePolicy?: 'File' | 'FallbackToLogsOnError';
}

export interface PodSpec {
  containers: Container[];
  terminationGracePeriodSeconds: number;
}

export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
  lastUpdateTime?: string;
}

export interface Terminated {
  exitCode: number;
  signal?: number;
  reason: string;
  message?: string;
  startedAt: string;
  finishedAt: string;
}

export interface ContainerState {
  waiting?: { reason: string; message?: string };
  running?: { startedAt: string };
  terminated?: Terminated;
}

export interface ContainerStatus {
  name: string;
  image: string;
  ready: boolean;
  started: boolean;
  restartCount: number;
  state: ContainerState;
  lastState: ContainerState;
}

export interface Pod extends KubeObject {
  spec: PodSpec;
  status: { phase: string; podIP?: string; conditions: Condition[]; containerStatuses: ContainerStatus[] };
}

export interface DeploymentSpec {
  replicas: number;
  selector: { matchLabels?: Record<string, string> };
  template: { metadata?: Pick<Metadata, 'labels' | 'annotations'>; spec: PodSpec };
  strategy: {
    type: 'RollingUpdate' | 'Recreate';
    rollingUpdate?: { maxSurge: number | string; maxUnavailable: number | string };
  };
  progressDeadlineSeconds: number;
}

export interface DeploymentStatus {
  observedGeneration?: number;
  replicas?: number;
  updatedReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  unavailableReplicas?: number;
  conditions?: Condition[];
}

export interface Deployment extends KubeObject {
  spec: DeploymentSpec;
  status: DeploymentStatus;
}

export interface Service extends KubeObject {
  spec: {
    type: 'ClusterIP' | 'LoadBalancer';
    selector?: Record<string, string>;
    clusterIP?: string;
    ports: { name?: string; port: number; targetPort: number | string; protocol: string }[];
  };
  status: { loadBalancer: { ingress?: { hostname: string }[] } };
}

export interface EndpointSlice extends KubeObject {
  addressType: 'IPv4';
  endpoints: { addresses: string[]; conditions: { ready: boolean }; targetRef: { kind: 'Pod'; name: string } }[];
  ports: { name: string; port: number; protocol: string }[];
}

export interface PolicyRule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

export interface RbacRole extends KubeObject {
  rules?: PolicyRule[];
}

export interface RbacBinding extends KubeObject {
  subjects?: { kind: string; name: string }[];
  roleRef: { kind: string; name: string };
}

export const isReady = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined &&
  status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True');
