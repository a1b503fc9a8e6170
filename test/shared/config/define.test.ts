import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { defineConfig } from '../../../shared/config/define.ts';
import { rdsSourceNamed, sourceNamed } from '../../../shared/config/platform.ts';
import type { Platform } from '../../../shared/config/schema.ts';

type Input = z.input<typeof Platform>;

const example = (): Input => ({
  platform: 'shop',
  regions: { primary: 'us-east-1', recovery: 'us-west-2' },
  vault: { lock: '30 days', rereadWithin: '30 days', replicationWithin: '15 minutes' },
  schedules: {
    reconcile: 'rate(5 minutes)',
    retention: 'cron(0 6 * * ? *)',
    integrity: 'cron(0 5 * * ? *)',
    measure: 'rate(5 minutes)',
    report: 'rate(1 hour)',
  },
  sources: {
    'shop-db': {
      kind: 'rds-postgres',
      instance: 'shop-db',
      database: 'shop',
      secret: 'shop/database',
      schedules: {
        snapshot: 'cron(0 2 * * ? *)',
        export: 'cron(0 3 ? * SUN *)',
        verify: 'cron(0 4 ? * SUN *)',
        posture: 'cron(30 6 * * ? *)',
      },
      retention: { daily: '30 days', 'pre-change': '90 days', compliance: '7 years' },
      objectives: { rpo: '5 minutes', rto: '15 minutes', copy: '15 minutes', proven: '8 days' },
      posture: {
        backupRetention: '30 days',
        window: '03:00-04:00',
        multiAz: true,
        encrypted: true,
        deletionProtection: true,
      },
      checks: [{ name: 'orders', kind: 'row-count', table: 'orders' }],
    },
    'shop-cache': {
      kind: 'elasticache-redis',
      replicationGroup: 'shop-cache',
      secret: 'shop/cache',
      schedules: { snapshot: 'cron(0 * * * ? *)', verify: 'cron(0 2 1 * ? *)' },
      retention: { snapshot: '30 days', archive: '90 days' },
      objectives: { rpo: '1 hour', rto: '5 minutes', proven: '32 days' },
      recovery: { replicationGroup: 'shop-cache', nodeType: 'cache.r7g.large' },
    },
  },
});

/** The example with one value, given by its path, changed; `undefined` takes the value away. */
const changed = (path: string, value: unknown): Input => {
  const config = example();
  const keys = path.split('/');
  const last = keys.pop() ?? '';
  let node: Record<string, unknown> = config as never;
  for (const key of keys) node = node[key] as Record<string, unknown>;
  if (value === undefined) delete node[last];
  else node[last] = value;
  return config;
};
const messageOf = (path: string, value: unknown): string => {
  try {
    defineConfig(changed(path, value));
  } catch (error) {
    expect(error).toMatchObject({ name: 'ConfigurationInvalid' });
    return (error as Error).message;
  }
  return 'accepted';
};

const SOURCE = 'sources/shop-db';
const CACHE = 'sources/shop-cache';
const CHECK = `${SOURCE}/checks/0`;

describe('a configuration', () => {
  it('is turned into numbers: durations into seconds, shares into fractions', () => {
    const { vault, sources } = defineConfig(example());
    expect(vault.lock).toBe(30 * 86_400);
    expect(sources['shop-db']).toMatchObject({
      objectives: { rpo: 300, rto: 900, copy: 900, proven: 691_200 },
      retention: { compliance: 7 * 365 * 86_400 },
      anomaly: 0.5,
      restore: { deadline: 7200, securityGroups: [] },
      fingerprint: { from: 'primary', concurrency: 2 },
      export: { tables: [] },
      checks: [{ severity: 'critical', minimum: 1, deviation: 0.01 }],
    });
    expect(sources['shop-cache']).toMatchObject({
      retention: { snapshot: 30 * 86_400, archive: 90 * 86_400 },
      checks: { minimumKeys: 1, deviation: 0.01 },
      recovery: { replicas: 1, securityGroups: [] },
      restore: { deadline: 3600, securityGroups: [] },
    });
  });

  it.each([
    ['1 second', 1],
    ['15 minutes', 900],
    ['1 hour', 3600],
    ['90 days', 7_776_000],
    ['7 years', 220_752_000],
  ])('reads %s as %i seconds', (text, seconds) => {
    expect(defineConfig(changed(`${SOURCE}/objectives/proven`, text)).sources['shop-db']?.objectives).toMatchObject({
      proven: seconds,
    });
  });

  it.each([
    '15',
    '15m',
    '15 Minutes',
    '1.5 hours',
    '-5 minutes',
    '0 days',
    '5  minutes',
    'PT15M',
    '5 minutes ',
    15,
    '1 month',
    null,
  ])('refuses the duration %j, and says how one is written', (value) => {
    const message = messageOf(`${SOURCE}/objectives/rpo`, value);
    expect(message).toContain('sources["shop-db"].objectives.rpo');
    expect(message).toMatch(/15 minutes|string/);
  });

  // Path, a value that is wrong, what the message has to say beside the path.
  const wrong: [string, unknown, RegExp][] = [
    ['platform', 'Shop', /lower case/],
    ['platform', 's', /2 to 20/],
    ['platform', 'a-name-that-is-far-too-long', /2 to 20/],
    ['regions/primary', 'US-EAST-1', /us-east-1/],
    ['regions/recovery', 'nowhere', /us-east-1/],
    ['regions/recovery', 'us-east-1', /must differ/],
    ['schedules/reconcile', '*/5 * * * *', /six fields, UTC/],
    ['schedules/reconcile', 'rate(0 minutes)', /rate\(5 minutes\)/],
    ['schedules/retention', 'cron(0 6 * * *)', /six fields/],
    ['schedules/integrity', 'at(2026-11-20T00:00:00)', /six fields/],
    ['vault/lock', '0 days', /30 days|15 minutes/],
    ['notifications', { routes: { critical: [{ email: 'nobody' }] } }, /critical\[0\]\.email/],
    ['notifications', { routes: { critical: [{ sms: '555-0100' }] } }, /a telephone number such as \+15550100/],
    ['notifications', { routes: { critical: [{ https: 'http://a.example' }] } }, /a URL that begins with https:/],
    ['notifications', { routes: { critical: ['a@example.com'] } }, /one of \{ email \}/],
    ['notifications', { routes: { critical: [{ slack: 'https://hooks.slack.com/x' }] } }, /lifeboat\/webhooks\//],
    ['notifications', { routes: { critical: [{ pagerduty: 'shop/database' }] } }, /lifeboat\/webhooks\//],
    ['notifications', { routes: { critical: [{ email: 'a@example.com', sms: '+15550100' }] } }, /one of \{ email \}/],
    ['notifications', { routes: { critical: [] } }, /at least one subscriber/],
    ['notifications', { routes: { info: [{ sms: '+15550100' }, { sms: '+15550100' }] } }, /stands here twice/],
    ['notifications', { escalation: { levels: Array(6).fill([{ sms: '+15550100' }]) } }, /<=5/],
    [
      'notifications',
      { audiences: { staff: { wording: 'angry', every: '1 hour', to: [{ sms: '+15550100' }] } } },
      /"internal"\|"customer"/,
    ],
    ['notifications', { fold: '15m' }, /a duration is written like/],
    ['notifications', { followUp: 'often' }, /a schedule is written like/],
    ['network', { subnets: [], securityGroups: ['sg-1'] }, /subnets/],
    ['sources', {}, /at least one source/],
    [`${SOURCE}/kind`, 'rds-mysql', /rds-postgres/],
    [`${SOURCE}/instance`, 'Shop_DB', /RDS instance identifier/],
    [`${SOURCE}/database`, 'shop-db', /database/],
    [`${SOURCE}/secret`, '', /secret/],
    [`${SOURCE}/schedules/snapshot`, 'daily', /six fields/],
    [`${SOURCE}/export`, { tables: ['orders'] }, /schema\.table/],
    [`${SOURCE}/retention/compliance`, '8 years', /7 years/],
    [`${SOURCE}/posture/window`, '3:00-4:00', /03:00-04:00/],
    [`${SOURCE}/posture/window`, '03:00-24:00', /03:00-04:00/],
    [`${SOURCE}/posture/multiAz`, 'true', /boolean/],
    [`${SOURCE}/posture/encrypted`, 'yes', /boolean/],
    [`${SOURCE}/posture/deletionProtection`, 1, /boolean/],
    [`${SOURCE}/fingerprint`, { from: 'standby' }, /"primary"\|"replica"/],
    [`${SOURCE}/fingerprint`, { concurrency: 11 }, /10/],
    [`${SOURCE}/fingerprint`, { concurrency: '2' }, /number/],
    [`${SOURCE}/anomaly`, '50', /50 %/],
    [`${SOURCE}/anomaly`, 0.5, /string/],
    [`${SOURCE}/checks`, [], /never be PROVEN/],
    [`${CACHE}/replicationGroup`, 'shop--cache', /single hyphens/],
    [`${CACHE}/replicationGroup`, 'shop-cache-', /no hyphen at its end/],
    [`${CACHE}/replicationGroup`, 'a'.repeat(41), /2 to 40/],
    [`${CACHE}/retention/archive`, '8 years', /7 years/],
    [`${CACHE}/recovery/nodeType`, 'r7g.large', /cache\.r7g\.large/],
    [`${CACHE}/recovery`, { replicationGroup: 'c', nodeType: 'cache.t4g.micro', replicas: 6 }, /5/],
    [`${CACHE}/checks`, { minimumKeys: 0 }, /minimumKeys/],
    [`${CACHE}/checks`, { deviation: 0.01 }, /string/],
    [`${CHECK}/kind`, 'row-counts', /checks/],
    [`${CHECK}/severity`, 'error', /"critical"\|"warning"/],
    [`${CHECK}/table`, 'orders; DROP TABLE orders', /sales\.orders/],
    [`${CHECK}/table`, 'a.b.c', /sales\.orders/],
    [`${CHECK}/minimum`, 0, /0/],
    [`${CHECK}/name`, '', /name/],
    [CHECK, { name: 'x', kind: 'at-least', table: 'orders', column: 'total', minimum: '0' }, /number/],
    [CHECK, { name: 'x', kind: 'not-null', table: 'orders', column: 'a b' }, /plain identifier/],
    [CHECK, { name: 'x', kind: 'not-null', table: 'orders', column: 'id', tolerated: -1 }, /tolerated/],
    [CHECK, { name: 'x', kind: 'recent', table: 'orders', column: 'at', within: 'a day' }, /15 minutes/],
    [CHECK, { name: 'x', kind: 'format', table: 'orders', column: 'at', pattern: '' }, /pattern/],
    [CHECK, { name: 'x', kind: 'extension', extension: 'PostGIS' }, /extension/],
    [CHECK, { name: 'x', kind: 'query', sql: 'SELECT 1' }, /expected/],
    [
      CHECK,
      {
        name: 'x',
        kind: 'total-matches',
        table: 'orders',
        key: 'id',
        total: 'total',
        lines: 'items',
        lineKey: 'order_id',
        amount: 'a; b',
      },
      /arithmetic/,
    ],
  ];
  it.each([
    [{ routes: { urgent: [{ email: 'a@example.com' }] } }, 'notifications.routes: Unrecognized key: "urgent"'],
    [{ audiences: { 'All staff': {} } }, 'an audience is named in lower case letters, digits and hyphens'],
    [{ emails: [] }, 'notifications: Unrecognized key: "emails"'],
  ])('knows no other topics, no odd names of audiences: %j', (value, found) => {
    expect(messageOf('notifications', value)).toContain(found);
  });

  it.each(wrong)('names %s and what is allowed there, given %j', (path, value, allowed) => {
    const message = messageOf(path, value);
    expect(message).not.toBe('accepted');
    expect(message).toContain(
      path === 'sources' ? 'sources' : path.split('/').find((part) => !/^\d|sources|shop-db|shop-cache/.test(part)),
    );
    expect(message).toMatch(allowed);
    expect(message).toMatch(/Found ./);
    expect(message).toMatch(/Correct the paths named above/);
  });

  const required = [
    'platform',
    'regions',
    'vault',
    'schedules',
    'sources',
    ...['instance', 'database', 'secret', 'schedules', 'retention', 'objectives', 'posture', 'checks', 'kind'].map(
      (key) => `${SOURCE}/${key}`,
    ),
    ...['replicationGroup', 'schedules', 'retention', 'objectives', 'recovery', 'kind'].map((key) => `${CACHE}/${key}`),
  ];
  it.each(required)('without %s is refused', (path) => {
    expect(messageOf(path, undefined)).toContain(path.split('/').at(-1));
  });

  it.each([
    '',
    'regions/',
    'vault/',
    'schedules/',
    `${SOURCE}/`,
    `${CACHE}/`,
    `${CACHE}/recovery/`,
    `${SOURCE}/retention/`,
    `${SOURCE}/posture/`,
    `${CHECK}/`,
  ])('refuses a key nobody knows in /%s', (path) => {
    expect(messageOf(`${path}retentoin`, '30 days')).toMatch(/[Uu]nrecognized key.*retentoin/);
  });

  it('says what it found', () => {
    expect(messageOf(`${SOURCE}/posture/multiAz`, 'true')).toContain(
      'sources["shop-db"].posture.multiAz: Invalid input: expected boolean, received string. Found "true".',
    );
    expect(messageOf(`${SOURCE}/instance`, undefined)).toContain('Found nothing.');
  });

  it('names every wrong path at once', () => {
    const config = changed(`${SOURCE}/posture/multiAz`, 'true');
    config.platform = 'X';
    config.vault.lock = 'long';
    expect(() => defineConfig(config)).toThrow(/platform[\s\S]*vault\.lock[\s\S]*multiAz/);
  });

  // The longest name made of a source is that of an export task: 60 characters (StartExportTask).
  it.each([
    ['a'.repeat(27), true],
    ['a'.repeat(28), false],
    ['Shop', false],
    ['1shop', false],
    ['shop db', false],
  ])('of a source named %j: accepted %s', (name, accepted) => {
    const config = example();
    config.sources = { [name]: config.sources['shop-db'] as never };
    if (accepted) expect(() => defineConfig(config)).not.toThrow();
    else expect(() => defineConfig(config)).toThrow(/named in lower case letters, digits and hyphens/);
  });

  it('is refused by name even where it is nothing at all', () => {
    expect(() => defineConfig(undefined as never)).toThrow(expect.objectContaining({ name: 'ConfigurationInvalid' }));
  });
});

describe('a source', () => {
  it('is found by its name', () => {
    expect(rdsSourceNamed('shop-db').instance).toBe('shop-db');
  });

  it('that is not configured is named, with those that are', () => {
    expect(() => sourceNamed('shop-bd')).toThrow(/shop-bd.*Expected \["shop-db","shop-cache"\].*add the source/);
    expect(() => rdsSourceNamed('shop-cache')).toThrow(
      /shop-cache: the source is of another kind. Expected rds-postgres. Found elasticache-redis/,
    );
    expect(() => sourceNamed('constructor')).toThrow(expect.objectContaining({ name: 'SourceUnknown' }));
  });

  const cluster = {
    ...{ kind: 'kafka', bootstrap: ['a:1'], topics: { include: ['*'] }, schedules: { archive: 'rate(15 minutes)' } },
    ...{ retention: { archive: '90 days' }, objectives: { rpo: '30 minutes', rto: '30 minutes' } },
  };

  it.each([
    [true, /^accepted$/],
    [false, /^accepted$/],
    [{ ca: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n' }, /^accepted$/],
    [{ ca: '/etc/kafka/ca.pem' }, /shop-events.*tls\.ca: a certificate as PEM/s],
    [{}, /shop-events.*tls: true, false, or/s],
  ])('of Kafka speaks TLS, with an authority of its own as PEM, or not: %j', (tls, answer) => {
    expect(messageOf('sources', { ...example().sources, 'shop-events': { ...cluster, tls } })).toMatch(answer);
  });

  it.each(['shop-events', 'shop-db', 'nowhere', 'shop-mirror'])('refuses a mirror without workers: %s', (target) => {
    const mirrored = { ...cluster, mirror: { target, policy: 'default' } };
    const sources = (connect: object) => ({
      ...{ ...example().sources, 'shop-events': mirrored, 'shop-mirror': { ...cluster, ...connect } },
    });
    expect(messageOf('sources', sources({}))).toMatch(/shop-events.*mirror\.target: .*its workers mirror/);
    const answer = messageOf('sources', sources({ connect: { url: 'https://connect:8083' } }));
    expect(answer === 'accepted').toBe(target === 'shop-mirror');
  });
});
