import { LifeboatError } from '../errors.ts';

export class DocumentMissing extends LifeboatError {
  override readonly name = 'DocumentMissing';
}

/** What stands under the key is not what this version of the service writes. */
export class DocumentUnreadable extends LifeboatError {
  override readonly name = 'DocumentUnreadable';
}

/** Others changed the same document again and again while we tried. */
export class DocumentContended extends LifeboatError {
  override readonly name = 'DocumentContended';
}
