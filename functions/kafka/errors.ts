import { LifeboatError } from '../../shared/errors.ts';

/** Another archive of the source was committed since this one was planned: its offsets are in that one. */
export class ArchiveSuperseded extends LifeboatError {
  override readonly name = 'ArchiveSuperseded';
}

/** Commit was asked for before every share was archived. */
export class ArchiveUnfinished extends LifeboatError {
  override readonly name = 'ArchiveUnfinished';
}
