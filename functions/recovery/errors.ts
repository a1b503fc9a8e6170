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

/** Route 53 cannot be told anything: its control plane in us-east-1 does not answer. */
export class DnsControlPlaneSilent extends LifeboatError {
  override readonly name = 'DnsControlPlaneSilent';
}

/** Route 53 was asked to change records and would not. */
export class DnsChangeRefused extends LifeboatError {
  override readonly name = 'DnsChangeRefused';
}
