import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { actAs, admit, configMap, startCluster, type TestCluster } from '../../../support/cluster.ts';
import { ask, type TokenParts, tokenOf } from './api.ts';

let test: TestCluster;
beforeAll(async () => {
  test = await startCluster();
  test.cluster.apply(configMap('shop-endpoints', { A: 'a' }));
});
afterAll(() => test[Symbol.asyncDispose]());
beforeEach(() => {
  for (const arn of test.cluster.entries.keys()) if (arn.includes(':role/')) test.cluster.entries.delete(arn);
});

const MAP = '/api/v1/namespaces/shop/configmaps/shop-endpoints';
const MINUTE = 60_000;
const inTime = (ms: number): Date => new Date(test.world.clock.now().getTime() + ms);

describe('a token', () => {
  it('of the AWS principal that made the cluster opens it', async () => {
    expect(await ask(test, MAP)).toMatchObject({ status: 200, body: { data: { A: 'a' } } });
  });

  it.each<[string, () => TokenParts]>([
    ['of an access key nobody has', () => ({ accessKeyId: 'AKIANOBODY' })],
    ['for another operation', () => ({ action: 'AssumeRole' })],
    ['for a host that is not STS', () => ({ host: 'sts.example.com' })],
    ['that does not sign the name of the cluster', () => ({ signed: 'host' })],
    ['of sixteen minutes ago', () => ({ at: inTime(-16 * MINUTE) })],
    ['of the day after', () => ({ at: inTime(24 * 60 * MINUTE) })],
    ['for longer than a quarter of an hour', () => ({ expires: '901' })],
  ])('%s is refused', async (_, parts) => {
    const answer = await ask(test, MAP, { token: tokenOf(test, parts()) });
    expect(answer).toMatchObject({ status: 401, body: { kind: 'Status', reason: 'Unauthorized' } });
  });

  it.each(['', 'k8s-aws-v1.%%%', 'something else'])('that is no token (%j) is refused', async (token) => {
    expect((await ask(test, MAP, { token })).status).toBe(401);
  });
});

describe('an access entry', () => {
  const asRole = (path: string, options: Parameters<typeof ask>[2] = {}) =>
    ask(test, path, { ...options, token: tokenOf(test, { accessKeyId: actAs(test, 'recovery') }) });
  const patch = { method: 'PATCH', type: 'application/merge-patch+json', body: { data: { A: 'b' } } };
  it('that a role has not, keeps it out', async () => {
    expect((await asRole(MAP)).status).toBe(401);
  });

  it('gives its groups what roles are bound to them, and no more', async () => {
    await admit(test, 'recovery');
    expect((await asRole(MAP)).status).toBe(200);
    expect((await asRole(MAP, patch)).status).toBe(200);
    const refused = await asRole(MAP, { method: 'DELETE' });
    expect(refused).toMatchObject({ status: 403, body: { reason: 'Forbidden' } });
    expect(refused.body.message).toBe(
      `configmaps "shop-endpoints" is forbidden: User "arn:aws:sts::${test.world.account}:assumed-role/recovery/recovery" cannot delete resource "configmaps" in API group "" in the namespace "shop"`,
    );
  });

  it('gives nothing in other namespaces than its role is bound in', async () => {
    await admit(test, 'recovery');
    expect((await asRole('/api/v1/namespaces/default/configmaps/shop-endpoints')).status).toBe(403);
    expect((await asRole('/api/v1/configmaps')).status).toBe(403);
  });

  it('allows a subresource only by its own name', async () => {
    await admit(test, 'recovery');
    const status = '/apis/apps/v1/namespaces/shop/deployments/web/status';
    expect((await asRole(status, { ...patch, body: {} })).status).toBe(403);
  });

  it('is refused twice, and for groups of the system', async () => {
    const facts = { clusterName: 'shop', principalArn: `arn:aws:iam::${test.world.account}:role/recovery` };
    await test.eks('CreateAccessEntry', facts);
    await expect(test.eks('CreateAccessEntry', facts)).rejects.toMatchObject({ name: 'ResourceInUseException' });
    await expect(
      test.eks('CreateAccessEntry', {
        ...facts,
        principalArn: `${facts.principalArn}2`,
        kubernetesGroups: ['system:masters'],
      }),
    ).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });
});
