import { LifeboatError } from '../errors.ts';

export class RecoveryPointMissing extends LifeboatError {
  override readonly name = 'RecoveryPointMissing';
}

/** A document in the catalogue is not what this version of the service writes. */
export class CatalogUnreadable extends LifeboatError {
  override readonly name = 'CatalogUnreadable';
}

export class TransitionRefused extends LifeboatError {
  override readonly name = 'TransitionRefused';
}

/** Others changed the same document again and again while we tried. */
export class CatalogContended extends LifeboatError {
  override readonly name = 'CatalogContended';
}
