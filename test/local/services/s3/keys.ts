// Keys that answer as KMS does, for tests of who needs which permission on them.
import { DisabledException, InvalidCiphertextException } from '@aws-sdk/client-kms';
import type { CallContext, Region, Service } from '../../../../local/types.ts';

export interface Keys extends Service {
  disabled: Set<string>;
}

interface Sealed {
  key: string;
  plain: string;
  context: Record<string, string>;
}

interface Input {
  KeyId: string;
  Plaintext?: Uint8Array;
  CiphertextBlob?: Uint8Array;
  EncryptionContext: Record<string, string>;
}

export const keyArn = (region: string, name = 'vault'): string => `arn:aws:kms:${region}:111122223333:key/${name}`;

export const createKeys = (region: Region): Keys => {
  const disabled = new Set<string>();
  const arnOf = (id: string): string => {
    const arn = id.startsWith('arn:') ? id : keyArn(region.name, id);
    if (disabled.has(arn)) throw new DisabledException({ message: `${arn} is disabled.`, $metadata: {} });
    return arn;
  };
  const seal = (key: string, plain: string, context: Record<string, string>) => ({
    KeyId: key,
    CiphertextBlob: Buffer.from(JSON.stringify({ key, plain, context } satisfies Sealed)),
  });
  return {
    signingName: 'kms',
    iamPrefix: 'kms',
    sdk: {},
    clientName: 'KMSClient',
    disabled,
    operations: {
      GenerateDataKey: async ({ KeyId, EncryptionContext }: Input) =>
        seal(arnOf(KeyId), 'a data key', EncryptionContext),
      Encrypt: async ({ KeyId, Plaintext, EncryptionContext }: Input) =>
        seal(arnOf(KeyId), Buffer.from(Plaintext ?? '').toString(), EncryptionContext),
      Decrypt: async ({ CiphertextBlob, EncryptionContext }: Input) => {
        const sealed: Sealed = JSON.parse(Buffer.from(CiphertextBlob ?? '').toString());
        arnOf(sealed.key);
        if (JSON.stringify(sealed.context) !== JSON.stringify(EncryptionContext))
          throw new InvalidCiphertextException({ message: 'wrong encryption context', $metadata: {} });
        return { KeyId: sealed.key, Plaintext: Buffer.from(sealed.plain) };
      },
    },
    authorize: (operation: string, input: unknown, { caller }: CallContext) => [
      {
        action: `kms:${operation}`,
        resource: (input as Input).KeyId,
        context: caller.service
          ? { 'kms:ViaService': caller.service.replace('.amazonaws', `.${region.name}.amazonaws`) }
          : {},
      },
    ],
  };
};
