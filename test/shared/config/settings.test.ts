import { describe, expect, it } from 'vitest';
import { settings } from '../../../shared/config/settings.ts';
import { stubEnvironment } from '../../support/environment.ts';

const VARIABLES = [
  'AWS_REGION',
  'LIFEBOAT_ROLE',
  'LIFEBOAT_SERVICE',
  'LIFEBOAT_ACCOUNT',
  'VAULT_BUCKET',
  'VAULT_KEY_ARN',
  'PEER_REGION',
  'PEER_VAULT_BUCKET',
  'PEER_VAULT_KEY_ARN',
  'TOPIC_ARN_PREFIX',
  'EXCHANGE_BUCKET',
  'EXPORT_ROLE_ARN',
];

describe('settings', () => {
  it('are read from the environment, anew each time', () => {
    stubEnvironment();
    expect(settings()).toMatchObject({ role: 'primary', region: 'us-east-1', peer: { region: 'us-west-2' } });
    stubEnvironment({ LIFEBOAT_ROLE: 'recovery' });
    expect(settings().role).toBe('recovery');
  });

  it.each(VARIABLES)('name %s where it is missing, and what to do', (name) => {
    stubEnvironment({ [name]: undefined });
    expect(() => settings()).toThrow(expect.objectContaining({ name: 'SettingsInvalid' }));
    expect(() => settings()).toThrow(new RegExp(`${name}[\\s\\S]*Deploy the service again`));
  });

  it.each([
    ['LIFEBOAT_ROLE', 'secondary'],
    ['LIFEBOAT_ACCOUNT', '1234'],
    ['VAULT_KEY_ARN', 'alias/vault'],
    ['VAULT_BUCKET', ''],
  ])('refuse %s=%s', (name, value) => {
    stubEnvironment({ [name]: value });
    expect(() => settings()).toThrow(name);
  });

  it('name everything that is wrong at once', () => {
    stubEnvironment(Object.fromEntries(VARIABLES.map((name) => [name, undefined])));
    for (const name of VARIABLES) expect(() => settings()).toThrow(name);
  });
});
