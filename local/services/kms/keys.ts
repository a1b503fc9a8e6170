import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import { InvalidCiphertextException } from '@aws-sdk/client-kms';
import type { PolicyStatement, Region } from '../../types.ts';

/** One key in one region. Replicas of a multi-region key share id and material, and nothing else. */
export interface Key {
  id: string;
  arn: string;
  region: string;
  material: Buffer;
  enabled: boolean;
  rotates: boolean;
  multiRegion: boolean;
  primaryRegion: string;
  description: string;
  createdAt: Date;
  policy: PolicyStatement[];
  policyText: string;
  /** Operations granted, by service principal. */
  grants: Map<string, Set<string>>;
}

export const newKeyId = (multiRegion: boolean): string =>
  multiRegion ? `mrk-${randomUUID().replaceAll('-', '')}` : randomUUID();

export const keyArnOf = ({ name, account }: Region, id: string): string => `arn:aws:kms:${name}:${account}:key/${id}`;

const ID_BYTES = 64;
const IV_BYTES = 12;
const TAG_BYTES = 16;

const contextBytes = (context: Record<string, string> | undefined): Buffer =>
  Buffer.from(JSON.stringify(Object.entries(context ?? {}).toSorted(([a], [b]) => a.localeCompare(b))));

/** AES-256-GCM with the encryption context as authenticated data; the blob names its key. */
export const encryptWith = (key: Key, plain: Uint8Array, context?: Record<string, string>): Buffer => {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key.material, iv).setAAD(contextBytes(context));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  const id = Buffer.alloc(ID_BYTES);
  id.write(key.id);
  return Buffer.concat([id, iv, cipher.getAuthTag(), body]);
};

export const keyIdIn = (blob: Uint8Array): string =>
  Buffer.from(blob.subarray(0, ID_BYTES)).toString('utf8').replace(/\0+$/, '');

/** @throws {InvalidCiphertextException} for another key, another context, or changed bytes. */
export const decryptWith = (key: Key, blob: Uint8Array, context?: Record<string, string>): Buffer => {
  const bytes = Buffer.from(blob);
  const [iv, tag, body] = [
    bytes.subarray(ID_BYTES, ID_BYTES + IV_BYTES),
    bytes.subarray(ID_BYTES + IV_BYTES, ID_BYTES + IV_BYTES + TAG_BYTES),
    bytes.subarray(ID_BYTES + IV_BYTES + TAG_BYTES),
  ];
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.material, iv).setAAD(contextBytes(context)).setAuthTag(tag);
    return Buffer.concat([decipher.update(body), decipher.final()]);
  } catch (cause) {
    throw Object.assign(
      new InvalidCiphertextException({
        message: 'The ciphertext cannot be decrypted with this key and context.',
        $metadata: {},
      }),
      { cause },
    );
  }
};
