import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  digestObject,
  digestsOf,
  headObject,
  locate,
  readArtifact,
  uriHere,
  writeArtifact,
} from '../../../shared/artifacts/artifacts.ts';
import { readManifest } from '../../../shared/artifacts/manifest.ts';
import { lostTheRace } from '../../../shared/catalog/catalog.ts';
import { RECOVERY, stubEnvironment, VAULT } from '../../support/environment.ts';
import { failure, memoryVault, once, type Vault } from '../../support/vault.ts';

let vault: Vault;
beforeEach(() => {
  stubEnvironment();
  vault = memoryVault();
});

const flip = (body: Buffer, bit: number): Buffer => {
  const copy = Buffer.from(body);
  copy.writeUInt8(copy.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  return copy;
};

describe('digests', () => {
  it('are those of the standards', async () => {
    const digests = await digestsOf([Buffer.from('12345'), Buffer.from('6789')]);
    expect(digests).toEqual({
      bytes: 9,
      sha256: createHash('sha256').update('123456789').digest('hex'),
      // Check value of CRC-64/NVME: ae8b14860a799888.
      crc64nvme: Buffer.from('ae8b14860a799888', 'hex').toString('base64'),
    });
  });

  it('do not depend on how the bytes come in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 10 }), async (chunks) => {
        expect(await digestsOf(chunks)).toEqual(await digestsOf([Buffer.concat(chunks)]));
      }),
      { numRuns: 50 },
    );
  });
});

describe('writing an artefact', () => {
  it('sends S3 the checksum taken before, and returns what the catalogue keeps', async () => {
    const artifact = await writeArtifact('evidence/a.json', '{"a":1}');
    expect(artifact).toEqual({
      uri: `s3://${VAULT}/evidence/a.json`,
      versionId: 'v1',
      ...(await digestsOf([Buffer.from('{"a":1}')])),
      writer: 'lifeboat',
    });
    await expect(headObject(artifact.uri, 'v1')).resolves.toMatchObject({
      ContentLength: 7,
      ChecksumCRC64NVME: artifact.crc64nvme,
    });
  });

  it('keeps the older version when it is written again', async () => {
    await writeArtifact('a', 'one');
    await writeArtifact('a', 'two');
    expect(vault.versions('a').map(({ body }) => body.toString())).toEqual(['one', 'two']);
  });

  it('loses the race for a key that is to be new, in a way that can be told', async () => {
    await writeArtifact('a', 'one', { onlyNew: true });
    const second = await writeArtifact('a', 'two', { onlyNew: true }).catch((error: unknown) => error);
    expect(lostTheRace(second)).toBe(true);
    expect(vault.text('a')).toBe('one');
  });

  it.each([
    ['SlowDown', 503],
    ['AccessDenied', 403],
    ['TimeoutError', 500],
  ])('passes on %s', async (name, status) => {
    vault.before = once(failure(name, status), () => true);
    await expect(writeArtifact('a', 'one')).rejects.toMatchObject({ name });
    expect(vault.keys()).toEqual([]);
  });
});

describe('reading an artefact', () => {
  it('hands on the bytes that were written', async () => {
    const artifact = await writeArtifact('a', 'content');
    await expect(readArtifact(artifact)).resolves.toEqual(Buffer.from('content'));
  });

  it('reads the version it was told, not a newer one', async () => {
    const artifact = await writeArtifact('a', 'one');
    await writeArtifact('a', 'two');
    await expect(readArtifact(artifact)).resolves.toEqual(Buffer.from('one'));
  });

  it('finds every single flipped bit', async () => {
    const body = Buffer.from('{"recoveryPoint":"x"}');
    const artifact = await writeArtifact('a', body);
    for (let bit = 0; bit < body.length * 8; bit++) {
      const { versionId } = await vault.place('a', flip(body, bit));
      await expect(readArtifact({ ...artifact, versionId })).rejects.toMatchObject({ name: 'ArtifactDamaged' });
    }
  });

  it.each([
    ['shorter', 'conten'],
    ['longer', 'content!'],
    ['empty', ''],
  ])('finds one that became %s', async (_, text) => {
    const artifact = await writeArtifact('a', 'content');
    const { versionId } = await vault.place('a', text);
    const reading = readArtifact({ ...artifact, versionId });
    await expect(reading).rejects.toMatchObject({ name: 'ArtifactDamaged' });
    await expect(reading).rejects.toThrow(/Do not restore from it/);
  });

  it('refuses one that is too large to be a document before a byte is read', async () => {
    const artifact = await writeArtifact('a', 'content');
    vault.requests.length = 0;
    await expect(readArtifact(artifact, 6)).rejects.toThrow(/at most 6 bytes.*7 bytes/);
    expect(vault.requests).toEqual([]);
  });

  it('takes in no more than was written, however much comes', async () => {
    const artifact = await writeArtifact('a', 'content');
    const { versionId } = await vault.place('a', Buffer.alloc(10_000_000, 1));
    await expect(readArtifact({ ...artifact, versionId })).rejects.toThrow(/65536 bytes/);
  });

  it('digests the whole object and tells which version that was', async () => {
    const body = Buffer.alloc(200_000, 7);
    const artifact = await writeArtifact('a', body);
    const { bytes, sha256, crc64nvme } = artifact;
    await expect(digestObject(artifact.uri)).resolves.toEqual({ bytes, sha256, crc64nvme, versionId: 'v1' });
  });
});

describe('a manifest', () => {
  it('lists its objects, once its own bytes are known to be whole', async () => {
    const object = await writeArtifact('part', 'data');
    const manifest = await writeArtifact('m', JSON.stringify({ recoveryPoint: 'x', objects: [object] }));
    await expect(readManifest(manifest)).resolves.toEqual([object]);
    const damaged = await vault.place('m', flip(Buffer.from(vault.text('m')), 300));
    await expect(readManifest({ ...manifest, versionId: damaged.versionId })).rejects.toMatchObject({
      name: 'ArtifactDamaged',
    });
  });

  it('with unknown fields is not read', async () => {
    const manifest = await writeArtifact('m', JSON.stringify({ recoveryPoint: 'x', objects: [], more: 1 }));
    await expect(readManifest(manifest)).rejects.toThrow(/more/);
  });
});

describe('a location', () => {
  it.each([
    'a/b.json',
    'rds-snapshots/2026/11/22/x/shop/public.orders/1/part-0.gz.parquet',
    'with space/ü+%.txt',
    'question?mark#hash',
    '//double',
  ])('is the bucket and key it was made from: %s', async (key) => {
    const { uri } = await writeArtifact(key, 'x');
    expect(locate({ uri })).toEqual({ Bucket: VAULT, Key: key });
  });
});

describe('an object of the primary vault', () => {
  const [theirs, others] = [`s3://${VAULT}/evidence/x.json`, 's3://somewhere/evidence/x.json'];

  it('is read in the vault of the recovery region by that region, and where it is by the primary', () => {
    expect(uriHere(theirs)).toBe(theirs);
    stubEnvironment({ LIFEBOAT_ROLE: 'recovery', VAULT_BUCKET: `${VAULT}-${RECOVERY}`, PEER_VAULT_BUCKET: VAULT });
    expect(uriHere(theirs)).toBe(`s3://${VAULT}-${RECOVERY}/evidence/x.json`);
    expect(uriHere(others)).toBe(others);
  });
});
