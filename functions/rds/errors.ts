import { LifeboatError } from '../../shared/errors.ts';

/** A restore was asked for a moment that cannot be restored. */
export class TimeNotRestorable extends LifeboatError {
  override readonly name = 'TimeNotRestorable';
}
