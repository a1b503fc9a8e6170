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
