// The access policies of EKS that are offered here, with their rules for the resources there are here
// (EKS user guide, "Review access policy permissions", 2026-11).
import type { PolicyRule } from './objects.ts';

const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update'];

const VIEW: PolicyRule[] = [
  {
    apiGroups: [''],
    resources: ['configmaps', 'events', 'namespaces', 'pods', 'pods/log', 'pods/status', 'services', 'services/status'],
    verbs: READ,
  },
  { apiGroups: ['apps'], resources: ['deployments', 'deployments/scale', 'deployments/status'], verbs: READ },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: READ },
];

const EDIT: PolicyRule[] = [
  ...VIEW,
  { apiGroups: [''], resources: ['configmaps', 'events', 'pods', 'secrets', 'services'], verbs: WRITE },
  { apiGroups: [''], resources: ['secrets'], verbs: READ },
  { apiGroups: ['apps'], resources: ['deployments', 'deployments/scale'], verbs: WRITE },
];

const ARN = 'arn:aws:eks::aws:cluster-access-policy';

const POLICIES: Record<string, PolicyRule[]> = {
  [`${ARN}/AmazonEKSClusterAdminPolicy`]: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
  [`${ARN}/AmazonEKSEditPolicy`]: EDIT,
  [`${ARN}/AmazonEKSViewPolicy`]: VIEW,
};

export const POLICY_ARNS: readonly string[] = Object.keys(POLICIES);

export const CLUSTER_ADMIN = `${ARN}/AmazonEKSClusterAdminPolicy`;

export const rulesOfPolicy = (arn: string): PolicyRule[] => POLICIES[arn] ?? [];
