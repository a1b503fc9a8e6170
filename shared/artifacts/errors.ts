import { LifeboatError } from '../errors.ts';

/** The bytes in the vault differ from the digests taken when they were written. */
export class ArtifactDamaged extends LifeboatError {
  override readonly name = 'ArtifactDamaged';
}
