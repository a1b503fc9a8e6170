import { describe, expect, it } from 'vitest';
import { mask } from '../../../shared/kafka/masking.ts';

const masked = (config: Record<string, string>, ...declared: string[]) => mask(config, new Set(declared)).masked;
const LOGIN = 'org.apache.kafka.common.security.scram.ScramLoginModule required';

describe('settings of a connector that no archive holds', () => {
  it('are those that the plugin declares as passwords, whatever they are called', () => {
    expect(masked({ 'shop.word': 'open sesame', topics: 'orders' }, 'shop.word')).toEqual(['shop.word']);
  });

  it('are those with a prefix, which the plugin does not declare', () => {
    expect(masked({ 'producer.override.shop.word': 'x', 'shop.words': 'y' }, 'shop.word')).toEqual([
      'producer.override.shop.word',
    ]);
  });

  it.each([
    ['database.password', 'x'],
    ['source.cluster.sasl.jaas.config', `${LOGIN} username="mirror" password="x";`],
    ['sasl.jaas.config', 'no login module that one could read'],
    ['value.converter.basic.auth.user.info', 'user:x'],
    ['aws.secret.access.key', 'x'],
    ['gcs.credentials.json', '{}'],
    ['ssl.keystore.key', '-----BEGIN'],
    ['topics', 'https://shop:x@registry.internal'],
    ['url', 'jdbc:postgresql://db/shop?user=shop&password=x'],
    ['database.password', 'x${file:/etc/shop.properties:password}'],
    ['database.password', '${not a reference}'],
  ])('are what looks like one: %s', (name, value) => {
    const { config, masked: left } = mask({ [name]: value, 'tasks.max': '1' }, new Set());
    expect(left).toEqual([name]);
    expect(config).toEqual({ 'tasks.max': '1' });
  });

  it.each([
    ['database.password', '${file:/etc/shop.properties:password}'],
    ['database.password', ''],
    ['sasl.jaas.config', `${LOGIN} username="mirror" password="\${secrets:shop/kafka:password}";`],
    ['url', 'jdbc:postgresql://db/shop?user=shop&password=${file:/etc/shop.properties:password}'],
    ['connector.class', 'org.apache.kafka.connect.mirror.MirrorSourceConnector'],
    ['key.converter', 'org.apache.kafka.connect.json.JsonConverter'],
    ['source.cluster.bootstrap.servers', 'a:9092,b:9092'],
  ])('are not references, and not what is no secret: %s = %s', (name, value) => {
    expect(mask({ [name]: value }, new Set(['database.password'])).config).toEqual({ [name]: value });
  });
});
