import { DescribeDBInstancesCommand } from '@aws-sdk/client-rds';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/verification/conclude.json' with { type: 'json' };
import { handler as choose } from '../../../functions/verification/choose-point.ts';
import { handler as conclude } from '../../../functions/verification/conclude.ts';
import { checkKey, comparisonKey, loginKey } from '../../../functions/verification/evidence.ts';
import { closedKey, planKey } from '../../../functions/verification/fingerprint-keys.ts';
import { handler as probe } from '../../../functions/verification/probe-login.ts';
import { instanceName } from '../../../functions/verification/test-instances.ts';
import { catalogKey } from '../../../shared/catalog/ids.ts';
import { RecoveryPoint } from '../../../shared/catalog/recovery-point.ts';
import { rdsSourceNamed } from '../../../shared/config/platform.ts';
import { evidenceKey } from '../../../shared/verification/steps.ts';
import { fakeWorld, run, samplePoint, type World } from '../../support/backups.ts';
import { type Laboratory, openLaboratory, type TestServer } from '../../support/postgres.ts';

const AT = '2026-11-22T04:10:00.000Z';
const ID = sample.recoveryPoint;

let world: World;
let sns: ReturnType<typeof mockClient>;
beforeEach(() => {
  world = fakeWorld();
  vi.stubEnv('POWERTOOLS_DEV', 'true');
  sns = mockClient(SNSClient) as never;
  sns.on(PublishCommand as never).resolves({} as never);
  point();
});

const artifact = { uri: 's3://vault/x', bytes: 1, sha256: '0'.repeat(64), crc64nvme: '', writer: 'lifeboat' };
const common = { schemaVersion: 1, source: 'shop-db', recoveryPoint: ID, at: AT };
const point = (change: Partial<RecoveryPoint> = {}) => {
  const fingerprint = { before: 's3://vault/before', after: 's3://vault/after' };
  world.vault.put(catalogKey(ID), { ...samplePoint(ID), fingerprint, ...change });
  const plan = {
    ...common,
    resource: 'db-1',
    reader: 'primary',
    serverVersion: '150000',
    horizon: '7',
    next: '9',
    tables: [],
    notCompared: [],
    definitions: [],
    sequences: [],
  };
  for (const phase of ['before', 'after'] as const) {
    world.vault.put(planKey(ID, phase), { ...plan, phase, items: [[], []] });
    world.vault.put(closedKey(ID, phase), { ...common, phase, plan: artifact, parts: [], tables: [], rows: 100 });
  }
};
const recorded = () => RecoveryPoint.parse(world.vault.json(catalogKey(ID)));
const message = () => sns.calls()[0]?.args[0].input as { TopicArn: string; Subject: string; Message: string };

/** What the steps of a verification leave in the vault where all goes well. */
const allWell = (damage?: { check?: number; item?: 'schema' | number }): void => {
  world.vault.put(loginKey(ID, sample.execution), {
    at: AT,
    seconds: 1,
    restoreSeconds: 300,
    serverVersion: '15.14',
    credential: 'shop/database, version 1',
  });
  rdsSourceNamed('shop-db').checks.forEach(({ name, kind, severity }, index) => {
    const passed = index !== damage?.check;
    world.vault.put(checkKey(ID, sample.execution, index), {
      name,
      kind,
      severity,
      expected: 'none',
      found: passed ? 'none' : '3 rows',
      passed,
      at: AT,
      seconds: 1,
      samples: [],
    });
  });
  for (const item of ['schema', 0, 1] as const) {
    const differences =
      item === damage?.item
        ? [
            {
              in: 'public.orders',
              kind: 'changed',
              key: 'id=7',
              expected: '10 rows, digest aa',
              found: '10 rows, digest bb',
            },
          ]
        : [];
    const table = {
      table: 'public.orders',
      exact: 50,
      oneByOne: 0,
      undecided: 0,
      written: 0,
      damagedBuckets: differences.length,
      differences,
    };
    world.vault.put(comparisonKey(ID, sample.execution, item), {
      item,
      at: AT,
      seconds: 1,
      objects: 4,
      tables: item === 'schema' ? [] : [table],
      differences: [],
      notCompared: [],
    });
  }
};

describe('the conclusion of a verification', () => {
  it('records PROVEN on the recovery point with evidence, and tells it', async () => {
    allWell();
    await expect(run(conclude, sample)).resolves.toMatchObject({
      verdict: 'PROVEN',
      evidence: `s3://vault/${evidenceKey(ID, sample.execution)}`,
    });
    const { status, verifications, artifacts } = recorded();
    expect(status).toBe('verified');
    expect(verifications).toMatchObject([
      { verdict: 'PROVEN', checks: 17, failedChecks: [], restoreSeconds: 300, execution: 'shop-db-20261122t040000z' },
    ]);
    expect(artifacts.map(({ uri }) => uri)).toEqual([verifications[0]?.evidence]);
    expect(message()).toMatchObject({
      TopicArn: expect.stringMatching(/verification$/),
      Subject: '[verification] shop-db: recovery point PROVEN',
    });
  });

  it('is the same when it runs again: one entry, one document', async () => {
    allWell();
    const first = await run(conclude, sample);
    await expect(run(conclude, sample)).resolves.toEqual(first);
    expect(recorded().verifications).toHaveLength(1);
  });

  it('keeps both verdicts of two verifications of one point', async () => {
    allWell();
    await run(conclude, sample);
    await run(conclude, { ...sample, execution: `${sample.execution}-2` });
    expect(recorded().verifications.map(({ verdict }) => verdict)).toEqual(['PROVEN', 'INCONCLUSIVE']);
    expect(recorded().status).toBe('verified');
  });

  it('says FAILED by the name of the check, to those on call', async () => {
    allWell({ check: 0 });
    await expect(run(conclude, sample)).resolves.toMatchObject({ verdict: 'FAILED' });
    expect(recorded()).toMatchObject({
      status: 'failed',
      verifications: [{ failedChecks: ['every order has a customer (expected none; found 3 rows)'] }],
    });
    expect(message().TopicArn).toMatch(/critical$/);
    expect(message().Message).toContain('FAILED: every order has a customer: expected none; found 3 rows');
  });

  it('says FAILED by table, key and digest where the copy differs', async () => {
    allWell({ item: 1 });
    const { reason } = await run(conclude, sample);
    expect(reason).toBe('public.orders: changed id=7 (expected 10 rows, digest aa; found 10 rows, digest bb)');
    expect(message().Message).toContain('differs: public.orders changed id=7');
  });

  it('says INCONCLUSIVE where a step left no finding, whatever the machine believes', async () => {
    allWell();
    world.vault.objects.delete(comparisonKey(ID, sample.execution, 1));
    await expect(run(conclude, sample)).resolves.toMatchObject({
      verdict: 'INCONCLUSIVE',
      reason: '1 of 3 comparisons were not made',
    });
    expect(recorded().status).toBe('stored');
    expect(message().TopicArn).toMatch(/warning$/);
  });

  it.each([
    [{}, /tried again by itself in 30 minutes \(attempt 2 of 4\)/],
    [{ attempt: 3 }, /tried again by itself in 480 minutes \(attempt 4 of 4\)/],
    [{ attempt: 4 }, /after 4 attempts only the next scheduled run/],
  ])('tells of %j that could not test what will be tried', async (change, next) => {
    allWell();
    world.vault.objects.delete(comparisonKey(ID, sample.execution, 1));
    await expect(run(conclude, { ...sample, ...change })).resolves.toMatchObject({ worthRepeating: true });
    expect(message().Message).toMatch(next);
  });

  it('says INCONCLUSIVE and why where the backup has no fingerprints', async () => {
    point({ fingerprint: { missing: 'before the snapshot: QueryTimedOut: slow' } });
    allWell();
    await expect(run(conclude, sample)).resolves.toMatchObject({
      verdict: 'INCONCLUSIVE',
      reason: expect.stringContaining('QueryTimedOut'),
      worthRepeating: false,
    });
    expect(message().Message).toContain('to try this point again would end the same');
  });

  it('tells the cause in the words of the error, not of the runtime', async () => {
    const cause = JSON.stringify({
      errorType: 'LoginRefused',
      errorMessage: 'shop-db: the database refused the login.',
      trace: ['at x'],
    });
    const { verdict, reason } = await run(conclude, {
      ...sample,
      troubles: [{ step: 'logging in', error: 'LoginRefused', cause }],
    });
    expect([verdict, reason]).toEqual(['FAILED', 'logging in: LoginRefused: shop-db: the database refused the login.']);
  });

  it('tells people even where there was nothing to verify', async () => {
    const { recoveryPoint: _, ...request } = sample;
    const troubles = [
      { step: 'choosing the recovery point', error: 'RecoveryPointMissing', cause: 'there is no snapshot' },
    ];
    await expect(run(conclude, { ...request, troubles })).resolves.toMatchObject({ verdict: 'INCONCLUSIVE' });
    expect(message().Subject).toBe('[warning] shop-db: verification INCONCLUSIVE');
  });

  it('fails where nobody could be told', async () => {
    allWell();
    sns.on(PublishCommand as never).rejects(new Error('refused'));
    await expect(run(conclude, sample)).rejects.toThrow('refused');
  });
});

describe('choosing the point to verify', () => {
  const request = { source: 'shop-db', scheduledAt: '2026-11-22T04:00:00Z', execution: sample.execution };

  it('takes the newest complete snapshot before the scheduled time, and lists what there is to do', async () => {
    world.vault.put(
      catalogKey('shop-db-20261121t020000z-scheduled'),
      samplePoint('shop-db-20261121t020000z-scheduled'),
    );
    world.vault.put(catalogKey('shop-db-20261122t020000z-scheduled'), {
      ...samplePoint('shop-db-20261122t020000z-scheduled'),
      status: 'started',
      scheduledAt: '2026-11-22T02:00:00.000Z',
    });
    await expect(run(choose, { ...request, before: '2026-11-20T12:00:00Z' })).resolves.toMatchObject({
      recoveryPoint: ID,
      items: ['schema', 0, 1],
    });
    const chosen = await run(choose, request);
    expect(chosen).toMatchObject({
      recoveryPoint: 'shop-db-20261121t020000z-scheduled',
      items: [],
      deadlineSeconds: 7200,
      concurrency: 2,
    });
    expect(chosen.checks).toHaveLength(17);
  });

  it('takes the point that was named, even one that failed before', async () => {
    point({ status: 'failed' });
    await expect(run(choose, { ...request, recoveryPoint: ID })).resolves.toMatchObject({ recoveryPoint: ID });
  });

  it.each<[string, Partial<RecoveryPoint>]>([
    ['an export', { method: 'export' }],
    ['expired', { status: 'expired' }],
    ['not complete', { status: 'started' }],
  ])('refuses a named point that is %s', async (_, change) => {
    point(change);
    await expect(run(choose, { ...request, recoveryPoint: ID })).rejects.toMatchObject({
      name: 'RecoveryPointMissing',
    });
  });

  it('says that there is none where there is none', async () => {
    world.vault.objects.clear();
    await expect(run(choose, request)).rejects.toMatchObject({ name: 'RecoveryPointMissing' });
    await expect(run(choose, { ...request, source: 'other' })).rejects.toMatchObject({ name: 'SourceUnknown' });
  });
});

describe('the login to a restored copy', { timeout: 60_000 }, () => {
  let lab: Laboratory;
  let server: TestServer;
  beforeAll(async () => {
    lab = await openLaboratory();
    server = await lab.cluster();
  }, 120_000);
  afterAll(() => lab[Symbol.asyncDispose]());

  const step = { source: sample.source, recoveryPoint: ID, execution: sample.execution };

  it('uses the version of the secret that belongs to the point, and leaves its proof', async () => {
    point({ credential: { secret: 'shop/database', versionId: 'version-7' } });
    world.instances.set(instanceName(sample.source, sample.execution), server);
    await expect(run(probe, step)).resolves.toMatchObject({ credential: 'shop/database, version version-7' });
    expect(world.secrets.calls()[0]?.args[0].input).toEqual({ SecretId: 'shop/database', VersionId: 'version-7' });
    expect(world.vault.objects.has(loginKey(ID, sample.execution))).toBe(true);
  });

  it('is refused by name where that version does not open it', async () => {
    world.instances.set(instanceName(sample.source, sample.execution), server);
    world.secrets.reset();
    world.secrets
      .onAnyCommand()
      .resolves({ SecretString: JSON.stringify({ username: 'shop', password: 'another' }) } as never);
    await expect(run(probe, step)).rejects.toMatchObject({ name: 'LoginRefused' });
    expect(world.vault.objects.has(loginKey(ID, sample.execution))).toBe(false);
  });

  it('never quotes a secret that is no login', async () => {
    world.instances.set(instanceName(sample.source, sample.execution), server);
    world.secrets.reset();
    world.secrets.onAnyCommand().resolves({ SecretString: 'hunter2-not-json' } as never);
    const error = await run(probe, step).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ name: 'CredentialMissing' });
    expect(JSON.stringify([error, (error as Error).message, String((error as Error).cause)])).not.toContain('hunter2');
  });

  it('says that there is no instance where it is gone', async () => {
    world.rds.on(DescribeDBInstancesCommand).resolves({ DBInstances: [] });
    await expect(run(probe, step)).rejects.toMatchObject({ name: 'InstanceMissing' });
  });
});
