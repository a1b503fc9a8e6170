import { LifeboatError } from '../errors.ts';

export class ReplicationGroupMissing extends LifeboatError {
  override readonly name = 'ReplicationGroupMissing';
}

/** The cache could not be reached, or broke off: says nothing of what it holds. */
export class CacheUnreachable extends LifeboatError {
  override readonly name = 'CacheUnreachable';
}

/** The cache is there and does not accept the token. */
export class CacheLoginRefused extends LifeboatError {
  override readonly name = 'CacheLoginRefused';
}

/** The secret with the token is not there, or holds none. */
export class CacheTokenMissing extends LifeboatError {
  override readonly name = 'CacheTokenMissing';
}

/** The file of an archive is not in this region's vault, or not what was written. */
export class ArchiveMissing extends LifeboatError {
  override readonly name = 'ArchiveMissing';
}

/** The replication group is of a shape that this service does not back up. */
export class ReplicationGroupUnsupported extends LifeboatError {
  override readonly name = 'ReplicationGroupUnsupported';
}
