import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { CallContext, Caller, Region } from '../../types.ts';

/** What a version holds: text or bytes, as it was put. */
export interface Value {
  SecretString?: string | undefined;
  SecretBinary?: Uint8Array | undefined;
}

/** A value encrypted under a data key, and that key encrypted by KMS. */
export interface Sealed {
  dataKey: Uint8Array;
  iv: Buffer;
  tag: Buffer;
  body: Buffer;
}

interface Place {
  /** Undefined where the secret is under the AWS managed key, whose use AWS grants with that of the secret. */
  kmsKeyId: string | undefined;
  /** What KMS is told the value is: the secret's ARN and the version. */
  context: { SecretARN: string; SecretVersionId: string };
}

/** Needs kms:GenerateDataKey of whoever puts the value. */
export const seal = async (place: Place, value: Value, { region, caller }: Asking): Promise<Sealed | Value> => {
  if (!place.kmsKeyId) return value;
  const input = { KeyId: place.kmsKeyId, KeySpec: 'AES_256', EncryptionContext: place.context };
  const { Plaintext, CiphertextBlob } = await region.call<{ Plaintext: Uint8Array; CiphertextBlob: Uint8Array }>(
    'kms',
    'GenerateDataKey',
    input,
    forwarded(caller),
  );
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', Plaintext, iv);
  const body = Buffer.concat([cipher.update(JSON.stringify(asText(value))), cipher.final()]);
  return { dataKey: CiphertextBlob, iv, tag: cipher.getAuthTag(), body };
};

/** Needs kms:Decrypt of whoever reads the value. */
export const unseal = async (place: Place, sealed: Sealed | Value, { region, caller }: Asking): Promise<Value> => {
  if (!('dataKey' in sealed)) return sealed;
  const input = { KeyId: place.kmsKeyId, CiphertextBlob: sealed.dataKey, EncryptionContext: place.context };
  const { Plaintext } = await region.call<{ Plaintext: Uint8Array }>('kms', 'Decrypt', input, forwarded(caller));
  const decipher = createDecipheriv('aes-256-gcm', Plaintext, sealed.iv).setAuthTag(sealed.tag);
  return fromText(JSON.parse(Buffer.concat([decipher.update(sealed.body), decipher.final()]).toString()));
};

export type Asking = Pick<CallContext, 'caller'> & { region: Region };

/** Forward access: the caller stays who it is, and the service becomes `kms:ViaService`. */
const forwarded = (caller: Caller): Caller => ({ ...caller, service: 'secretsmanager.amazonaws.com' });

interface Text {
  text?: string | undefined;
  base64?: string | undefined;
}

const asText = ({ SecretString, SecretBinary }: Value): Text =>
  SecretBinary ? { base64: Buffer.from(SecretBinary).toString('base64') } : { text: SecretString };

const fromText = ({ text, base64 }: Text): Value =>
  base64 === undefined ? { SecretString: text } : { SecretBinary: Buffer.from(base64, 'base64') };
