import { LifeboatError } from '../../shared/errors.ts';

/** Some points could not be removed; the others were. */
export class RetentionIncomplete extends LifeboatError {
  override readonly name = 'RetentionIncomplete';
}
