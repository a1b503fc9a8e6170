import { LifeboatError } from '../../shared/errors.ts';

/** A restore was asked for a moment that cannot be restored. */
export class TimeNotRestorable extends LifeboatError {
  override readonly name = 'TimeNotRestorable';
}

/** AWS holds something under our name that is not what we would have made. */
export class NameTaken extends LifeboatError {
  override readonly name = 'NameTaken';
}

/** Some sources or points could not be dealt with; the others were. */
export class PartlyDone extends LifeboatError {
  override readonly name = 'PartlyDone';
}
