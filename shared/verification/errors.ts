import { LifeboatError } from '../errors.ts';

/** A document that an earlier step leaves in the vault is not there, or not one of ours. */
export class EvidenceMissing extends LifeboatError {
  override readonly name = 'EvidenceMissing';
}
