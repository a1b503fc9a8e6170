import { LifeboatError } from '../errors.ts';

/** EKS knows no cluster of this name in this region, or it is not there yet. */
export class ClusterMissing extends LifeboatError {
  override readonly name = 'ClusterMissing';
}

/** The API server did not answer in time, or not as one that works. Worth another try. */
export class ClusterUnreachable extends LifeboatError {
  override readonly name = 'ClusterUnreachable';
}

/** The cluster does not know who is asking, or does not let them. */
export class ClusterAccessDenied extends LifeboatError {
  override readonly name = 'ClusterAccessDenied';
}

export class KubernetesObjectMissing extends LifeboatError {
  override readonly name = 'KubernetesObjectMissing';
}

/** The API server understood and said no. */
export class KubernetesRefused extends LifeboatError {
  override readonly name = 'KubernetesRefused';
}
