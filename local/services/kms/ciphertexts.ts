import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { InvalidCiphertextException } from '@aws-sdk/client-kms';
import type { Key } from './keys.ts';

const ID_BYTES = 64;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = ID_BYTES + IV_BYTES + TAG_BYTES;

export type EncryptionContext = Record<string, string> | undefined;

/** AES-256-GCM with the encryption context as authenticated data; the blob names its key, as those of KMS do. */
export const encryptWith = (key: Key, plain: Uint8Array, context: EncryptionContext): Buffer => {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key.material, iv).setAAD(contextBytes(context));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  const id = Buffer.alloc(ID_BYTES);
  id.write(key.id);
  return Buffer.concat([id, iv, cipher.getAuthTag(), body]);
};

/** @throws {InvalidCiphertextException} for another key, another context, or changed bytes. */
export const decryptWith = (key: Key, blob: Uint8Array, context: EncryptionContext): Buffer => {
  const bytes = Buffer.from(blob);
  const iv = bytes.subarray(ID_BYTES, ID_BYTES + IV_BYTES);
  const tag = bytes.subarray(ID_BYTES + IV_BYTES, HEADER_BYTES);
  if (tag.length !== TAG_BYTES) throw invalidCiphertext();
  const decipher = createDecipheriv('aes-256-gcm', key.material, iv).setAAD(contextBytes(context)).setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(bytes.subarray(HEADER_BYTES)), decipher.final()]);
  } catch (cause) {
    throw Object.assign(invalidCiphertext(), { cause });
  }
};

export const keyIdIn = (blob: Uint8Array): string =>
  Buffer.from(blob.subarray(0, ID_BYTES)).toString('latin1').replace(/\0+$/, '');

export const invalidCiphertext = (): InvalidCiphertextException =>
  new InvalidCiphertextException({
    message: 'The ciphertext cannot be decrypted with this key and this encryption context.',
    $metadata: {},
  });

/** The order of the pairs does not count. */
const contextBytes = (context: EncryptionContext): Buffer =>
  Buffer.from(JSON.stringify(Object.entries(context ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))));
