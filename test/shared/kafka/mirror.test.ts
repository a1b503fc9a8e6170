import { describe, expect, it } from 'vitest';
import { Kafka } from '../../../shared/config/kafka.ts';
import { lagOf, type MirrorEnd, mirrorConnectors, mirroredName } from '../../../shared/kafka/mirror.ts';
import platform from '../../support/mirror.config.ts';

const { mirror, topics } = platform.sources['shop-events'] as ReturnType<typeof Kafka.parse>;
const end = (name: string, more: Partial<MirrorEnd> = {}): MirrorEnd => ({
  ...{ name, brokers: [`${name}:9092`], auth: { mode: 'none' }, tls: false },
  ...more,
});
const connectors = (more: Partial<Omit<NonNullable<typeof mirror>, 'topics'>> = {}, source = end('here')) => {
  if (!mirror) throw new Error('no mirror');
  return mirrorConnectors(source, end('there'), { ...mirror, ...more, topics });
};

describe('connectors of a mirror', () => {
  it('copy the topics of the configuration, and those that MirrorMaker leaves out are left out, too', () => {
    const { source } = connectors();
    expect(source.name).toBe('lifeboat-here-source');
    expect(source.config).toMatchObject({
      ...{ topics: 'orders-.*', 'topics.exclude': 'mm2.*\\.internal,.*\\.replica,__.*,orders-.*\\.internal' },
      ...{ 'source.cluster.bootstrap.servers': 'here:9092', 'target.cluster.bootstrap.servers': 'there:9092' },
      'source.cluster.security.protocol': 'PLAINTEXT',
    });
  });

  it('agree on names, and on where offsets are translated: else groups stand at the wrong record', () => {
    for (const policy of ['default', 'identity'] as const) {
      const all = Object.values(connectors({ policy })).map(({ config }) => config);
      expect(new Set(all.map((config) => config['replication.policy.class'])).size).toBe(1);
      expect(new Set(all.map((config) => config['offset-syncs.topic.location']))).toEqual(new Set(['target']));
    }
    expect(mirroredName({ policy: 'default' }, 'here', 'orders')).toBe('here.orders');
    expect(mirroredName({ policy: 'identity' }, 'here', 'orders')).toBe('orders');
    expect(connectors({ policy: 'identity' }).source.config['replication.policy.class']).toMatch(
      /IdentityReplicationPolicy$/,
    );
    expect(connectors().checkpoint.config['sync.group.offsets.enabled']).toBe('true');
  });

  it.each([
    [{ auth: { mode: 'iam' }, tls: true }, 'SASL_SSL', 'AWS_MSK_IAM'],
    [{ auth: { mode: 'scram', secret: 'x' }, tls: true }, 'SASL_SSL', 'SCRAM-SHA-512'],
    [{ auth: { mode: 'scram', secret: 'x' }, tls: false }, 'SASL_PLAINTEXT', 'SCRAM-SHA-512'],
    [{ auth: { mode: 'none' }, tls: true }, 'SSL', undefined],
  ] as const)('sign in as the source does: %j', (more, protocol, mechanism) => {
    const { config } = connectors({}, end('here', more)).source;
    expect(config['source.cluster.security.protocol']).toBe(protocol);
    expect(config['source.cluster.sasl.mechanism']).toBe(mechanism);
  });

  it('read only what is committed where every message has to arrive exactly once', () => {
    expect(connectors().source.config['exactly.once.support']).toBeUndefined();
    expect(connectors({ exactlyOnce: true }).source.config).toMatchObject({
      ...{ 'exactly.once.support': 'required', 'consumer.isolation.level': 'read_committed' },
    });
  });

  it('take settings of the configuration over their own', () => {
    expect(connectors({ settings: { 'sasl.x': '${file:/x:y}', 'tasks.max': '7' } }).source.config).toMatchObject({
      ...{ 'sasl.x': '${file:/x:y}', 'tasks.max': '7' },
    });
  });
});

describe('the lag of a mirror', () => {
  const noted = (partition: number, offset: number, cluster = 'here') => ({
    partition: { cluster, partition, topic: 'orders' },
    offset: { offset },
  });
  const lag = (ranges: [number, number][], ...offsets: ReturnType<typeof noted>[]) =>
    lagOf(
      [{ topic: 'orders', ranges: new Map(ranges.map(([from, to], at) => [at, { from, to }])) }],
      'here',
      offsets,
    ).map((each) => [each.mirrored, each.lag, each.beyond]);

  it('is the high watermark minus the offset behind the last that was mirrored', () => {
    expect(lag([[0, 10]], noted(0, 9))).toEqual([[10, 0, false]]);
    expect(lag([[0, 10]], noted(0, 8))).toEqual([[9, 1, false]]);
  });

  it('is everything that the source has where nothing is noted, also of another cluster or partition', () => {
    expect(lag([[3, 10]], noted(0, 9, 'elsewhere'), noted(1, 9))).toEqual([[null, 7, false]]);
  });

  it('does not count what the source has dropped, and never falls below nothing', () => {
    expect(lag([[5, 10]], noted(0, 1))).toEqual([[2, 5, false]]);
    expect(lag([[0, 4]], noted(0, 9))).toEqual([[10, 0, true]]);
  });
});

describe('a mirror in the configuration', () => {
  const shop = platform.sources['shop-events'];
  it('asks for a policy, because its consequences differ', () => {
    expect(Kafka.safeParse({ kind: 'kafka', mirror: { target: 'x' } }).error?.message).toMatch(/policy/);
    expect(shop.mirror?.maxLag).toBe(1000);
  });
});
