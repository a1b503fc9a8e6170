import { LifeboatError } from '../../shared/errors.ts';

/** The snapshot stood before the fingerprint that has to come first. */
export class SnapshotTooEarly extends LifeboatError {
  override readonly name = 'SnapshotTooEarly';
}

/** The snapshot is not complete yet; the second fingerprint has to come after it. */
export class SnapshotNotReady extends LifeboatError {
  override readonly name = 'SnapshotNotReady';
}

/** What the proof rests on does not hold here; a comparison could raise a false alarm, so none is made. */
export class FingerprintUnsafe extends LifeboatError {
  override readonly name = 'FingerprintUnsafe';
}

/** The replica has not replayed what the snapshot holds. */
export class ReplicaBehind extends LifeboatError {
  override readonly name = 'ReplicaBehind';
}

/** An instance with our name does not carry our tag: it is not ours to use or remove. */
export class InstanceForeign extends LifeboatError {
  override readonly name = 'InstanceForeign';
}

/** RDS does not know the snapshot of a recovery point. */
export class SnapshotMissing extends LifeboatError {
  override readonly name = 'SnapshotMissing';
}

/** The key that a snapshot was encrypted with cannot be used: disabled, deleted, or closed to us. */
export class KeyUnusable extends LifeboatError {
  override readonly name = 'KeyUnusable';
}

/** Some verifications could not be begun; the others were. */
export class VerificationsNotBegun extends LifeboatError {
  override readonly name = 'VerificationsNotBegun';
}
