import { randomBytes } from 'node:crypto';
import {
  type DecryptCommandInput,
  type EncryptCommandInput,
  type GenerateDataKeyCommandInput,
  IncorrectKeyException,
} from '@aws-sdk/client-kms';
import { ApiError } from '../../service.ts';
import { decryptWith, encryptWith, keyIdIn } from './ciphertexts.ts';
import { type KeyStore, usableKey } from './keys.ts';

const KEY_SPEC_BYTES = { AES_128: 16, AES_256: 32 } as const;
/** What Encrypt takes at most (KMS API reference, Encrypt, 2026-11). */
const MOST_PLAIN_BYTES = 4096;

/** The operations that use a key, and change nothing. */
export const cryptography = (store: KeyStore) => ({
  async GenerateDataKey({ KeyId, EncryptionContext, KeySpec, NumberOfBytes }: GenerateDataKeyCommandInput) {
    const key = usableKey(store, KeyId);
    if ((KeySpec === undefined) === (NumberOfBytes === undefined))
      throw new ApiError('ValidationException', 400, 'Please specify either number of bytes or key spec.');
    const Plaintext = randomBytes(NumberOfBytes ?? KEY_SPEC_BYTES[KeySpec ?? 'AES_256']);
    return { KeyId: key.arn, Plaintext, CiphertextBlob: encryptWith(key, Plaintext, EncryptionContext) };
  },

  async Encrypt({ KeyId, Plaintext = new Uint8Array(), EncryptionContext }: EncryptCommandInput) {
    const key = usableKey(store, KeyId);
    if (Plaintext.length === 0 || Plaintext.length > MOST_PLAIN_BYTES) {
      const found = `'plaintext' has 1 to ${MOST_PLAIN_BYTES} bytes, found ${Plaintext.length}.`;
      throw new ApiError('ValidationException', 400, found);
    }
    return {
      KeyId: key.arn,
      CiphertextBlob: encryptWith(key, Plaintext, EncryptionContext),
      EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' as const,
    };
  },

  async Decrypt({ KeyId, CiphertextBlob = new Uint8Array(), EncryptionContext }: DecryptCommandInput) {
    const sealedBy = keyIdIn(CiphertextBlob);
    const key = usableKey(store, KeyId ?? sealedBy);
    if (key.id !== sealedBy)
      throw new IncorrectKeyException({ message: `The ciphertext was not made with ${key.arn}.`, $metadata: {} });
    return {
      KeyId: key.arn,
      Plaintext: decryptWith(key, CiphertextBlob, EncryptionContext),
      EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' as const,
    };
  },
});
