import { LifeboatError } from '../../errors.ts';

/** The bytes are no RDB that an engine would load. */
export class RdbDamaged extends LifeboatError {
  override readonly name = 'RdbDamaged';
}

/** Written by an engine that is newer than what is understood here, or holds what no engine of today writes. */
export class RdbNotUnderstood extends LifeboatError {
  override readonly name = 'RdbNotUnderstood';
}
