import { LifeboatError } from '../../shared/errors.ts';

/** Another archive of the source was committed since this one was planned: its offsets are in that one. */
export class ArchiveSuperseded extends LifeboatError {
  override readonly name = 'ArchiveSuperseded';
}

/** Commit was asked for before every share was archived. */
export class ArchiveUnfinished extends LifeboatError {
  override readonly name = 'ArchiveUnfinished';
}

/** Refused before anything was made or written: the target is not what the request says, or the archive has no such topic. */
export class RestoreRefused extends LifeboatError {
  override readonly name = 'RestoreRefused';
}

/** Somebody else writes to what is being restored: what is there is not what was restored. */
export class RestoreDisturbed extends LifeboatError {
  override readonly name = 'RestoreDisturbed';
}

/** A connector, or a task of it, fails where it should run. */
export class ConnectorFailed extends LifeboatError {
  override readonly name = 'ConnectorFailed';
}

/** Refused before anything was changed: the mirror is not as the configuration says, or there is none. */
export class MirrorRefused extends LifeboatError {
  override readonly name = 'MirrorRefused';
}
