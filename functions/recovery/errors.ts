import { LifeboatError } from '../../shared/errors.ts';

/** The configuration says nothing of a recovery. */
export class RecoveryNotConfigured extends LifeboatError {
  override readonly name = 'RecoveryNotConfigured';
}

/** Somebody else is moving the platform. */
export class FailoverUnderWay extends LifeboatError {
  override readonly name = 'FailoverUnderWay';
}

/** This failover no longer holds the platform: whatever it wanted to do is another's to do. */
export class EpochLost extends LifeboatError {
  override readonly name = 'EpochLost';
}

/** The id belongs to a failover of the past. */
export class FailoverIdTaken extends LifeboatError {
  override readonly name = 'FailoverIdTaken';
}

/** The old primary answers and could not be shut out: to go on would let two regions take writes. */
export class NotFenced extends LifeboatError {
  override readonly name = 'NotFenced';
}

/** The instance that should take over cannot: RDS put it into a state it does not leave by itself. */
export class InstanceUnusable extends LifeboatError {
  override readonly name = 'InstanceUnusable';
}

/** Under the replica's name stands something that is no replica and that this failover did not make. */
export class ReplicaForeign extends LifeboatError {
  override readonly name = 'ReplicaForeign';
}

/** Topics or groups of this region's cluster are not as they were archived. */
export class StreamsNotRestored extends LifeboatError {
  override readonly name = 'StreamsNotRestored';
}

/** ElastiCache could not make the cache of this region. */
export class CacheRestoreFailed extends LifeboatError {
  override readonly name = 'CacheRestoreFailed';
}

/** The build of the user's infrastructure did not succeed, or could not be begun. */
export class InfrastructureNotBuilt extends LifeboatError {
  override readonly name = 'InfrastructureNotBuilt';
}

/** Route 53 cannot be told anything: its control plane in us-east-1 does not answer. */
export class DnsControlPlaneSilent extends LifeboatError {
  override readonly name = 'DnsControlPlaneSilent';
}

/** Route 53 was asked to change records and would not. */
export class DnsChangeRefused extends LifeboatError {
  override readonly name = 'DnsChangeRefused';
}

/** Refused: by all that can be seen the primary region is well. */
export class PrimaryHealthy extends LifeboatError {
  override readonly name = 'PrimaryHealthy';
}

/** Refused: the outage was not seen often enough in a row, or nobody looked. */
export class OutageNotConfirmed extends LifeboatError {
  override readonly name = 'OutageNotConfirmed';
}

/** Refused: the platform is in this region already. */
export class PlatformHere extends LifeboatError {
  override readonly name = 'PlatformHere';
}

export class ApprovalRefused extends LifeboatError {
  override readonly name = 'ApprovalRefused';
}

/** Nobody decided within the deadline. */
export class ApprovalMissing extends LifeboatError {
  override readonly name = 'ApprovalMissing';
}

/** A decision that comes after the deadline. */
export class ApprovalTooLate extends LifeboatError {
  override readonly name = 'ApprovalTooLate';
}

/** A second decision that differs from the first. */
export class ApprovalDecided extends LifeboatError {
  override readonly name = 'ApprovalDecided';
}

/** How the machine ends when a phase cannot be done: a redrive begins with the state that threw this. */
export class FailoverStopped extends LifeboatError {
  override readonly name = 'FailoverStopped';
}

/** A name that has to be typed to confirm was not typed, or not right. */
export class NameNotConfirmed extends LifeboatError {
  override readonly name = 'NameNotConfirmed';
}

/** Two databases take writes, or soon will: the only safe way is on. */
export class TooLateToAbandon extends LifeboatError {
  override readonly name = 'TooLateToAbandon';
}

/** A phase whose facts the workloads need has none. */
export class EndpointsUnknown extends LifeboatError {
  override readonly name = 'EndpointsUnknown';
}

/** Kubernetes gave up: a deployment made no progress within its deadline. */
export class RolloutFailed extends LifeboatError {
  override readonly name = 'RolloutFailed';
}

/** The other region does not answer, and nobody here knows where the platform lives. */
export class ResidenceUnknown extends LifeboatError {
  override readonly name = 'ResidenceUnknown';
}

/** Under the name of a drill's copy stands something else. */
export class CopyForeign extends LifeboatError {
  override readonly name = 'CopyForeign';
}

/** The book has no such drill. */
export class DrillUnknown extends LifeboatError {
  override readonly name = 'DrillUnknown';
}

/** Some of the drills could not be begun, ended or cleaned up. */
export class DrillsInTrouble extends LifeboatError {
  override readonly name = 'DrillsInTrouble';
}
