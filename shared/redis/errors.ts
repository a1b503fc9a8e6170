import { LifeboatError } from '../errors.ts';

export class ReplicationGroupMissing extends LifeboatError {
  override readonly name = 'ReplicationGroupMissing';
}

/** The replication group is of a shape that this service does not back up. */
export class ReplicationGroupUnsupported extends LifeboatError {
  override readonly name = 'ReplicationGroupUnsupported';
}
