import { LifeboatError } from '../errors.ts';

export class InstanceMissing extends LifeboatError {
  override readonly name = 'InstanceMissing';
}

/** The secret, or the version of it that belongs to a recovery point, is not there or no login. */
export class CredentialMissing extends LifeboatError {
  override readonly name = 'CredentialMissing';
}
