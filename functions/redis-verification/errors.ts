import { LifeboatError } from '../../shared/errors.ts';

/** A replication group with a test's name is not the test's: it is not ours to use or remove. */
export class GroupForeign extends LifeboatError {
  override readonly name = 'GroupForeign';
}
