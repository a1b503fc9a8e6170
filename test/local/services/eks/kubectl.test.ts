import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEPLOYMENTS } from '../../../../local/services/eks/api/resources.ts';
import { configMap, startCluster, type TestCluster, web } from '../../../support/cluster.ts';
import { aws, isInstalled } from '../../endpoint/clients.ts';
import { ask, tokenOf } from './api.ts';

const run = promisify(execFile);
const KUBECTL = isInstalled('kubectl', 'version', '--client');

let test: TestCluster;
let folder: string;
beforeAll(async () => {
  test = await startCluster();
  folder = await mkdtemp(path.join(tmpdir(), 'kubectl-'));
});
afterAll(async () => {
  await test[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  for (const deployment of test.cluster.store.list(DEPLOYMENTS)) test.cluster.store.remove(DEPLOYMENTS, deployment);
});

/** kubectl with a token, and nothing of the machine's settings. */
const kubectl = async (...args: string[]): Promise<string> => {
  const { endpoint = '', authority = '' } = test.cluster;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'shop',
        cluster: { server: endpoint, 'certificate-authority-data': Buffer.from(authority).toString('base64') },
      },
    ],
    users: [{ name: 'operator', user: { token: tokenOf(test) } }],
    contexts: [{ name: 'shop', context: { cluster: 'shop', user: 'operator', namespace: 'shop' } }],
    'current-context': 'shop',
  };
  const file = path.join(folder, 'kubeconfig');
  await writeFile(file, JSON.stringify(config), { mode: 0o600 });
  const { stdout } = await run('kubectl', args, { env: { PATH: process.env.PATH, HOME: folder, KUBECONFIG: file } });
  return stdout;
};

const apply = async (...objects: object[]): Promise<string> => {
  const file = path.join(folder, 'objects.yaml');
  await writeFile(file, objects.map((object) => JSON.stringify(object)).join('\n---\n'));
  return kubectl('apply', '-f', file);
};

describe.runIf(KUBECTL)('kubectl, unmodified,', { timeout: 120_000 }, () => {
  it('applies objects, again and again, and changes only what changed', async () => {
    const objects = [configMap('endpoints', { GREETING: 'hello' }), web('web', { replicas: 2 })];
    expect(await apply(...objects)).toBe('configmap/endpoints created\ndeployment.apps/web created\n');
    expect(await apply(...objects)).toBe('configmap/endpoints unchanged\ndeployment.apps/web unchanged\n');
    expect(await apply(configMap('endpoints', { GREETING: 'hi' }), web('web', { replicas: 2 }))).toBe(
      'configmap/endpoints configured\ndeployment.apps/web unchanged\n',
    );
  });

  it('waits for a rollout, restarts, scales, and waits again', async () => {
    await apply(web('web'));
    expect(await kubectl('rollout', 'status', 'deployment/web')).toContain('successfully rolled out');
    const [before] = test.pods('web');
    await kubectl('rollout', 'restart', 'deployment/web');
    await kubectl('rollout', 'status', 'deployment/web');
    await test.rolledOut('web');
    expect(test.pods('web').map(({ metadata }) => metadata.name)).not.toContain(before?.metadata.name);
    expect(await kubectl('scale', 'deployment/web', '--replicas=2')).toBe('deployment.apps/web scaled\n');
    await kubectl('rollout', 'status', 'deployment/web');
    expect(test.deployment('web').status.availableReplicas).toBe(2);
  });

  it('shows what there is in columns, and the log of a pod', async () => {
    await apply(web('web'));
    await test.rolledOut('web');
    const [pod] = test.pods('web');
    expect(await kubectl('get', 'pods')).toMatch(/^NAME +READY +STATUS +RESTARTS +AGE\nweb-\S+ +1\/1 +Running +0 /);
    expect(await kubectl('get', 'deploy', 'web')).toMatch(/^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb +1\/1 +1 +1 /);
    expect(await kubectl('get', 'pods', '-o', 'name')).toBe(`pod/${pod?.metadata.name}\n`);
    expect(await kubectl('logs', `${pod?.metadata.name}`)).toBe('listening\n');
  });

  it('patches in two ways, and deletes', async () => {
    await apply(configMap('patched', { A: 'a', B: 'b' }));
    await kubectl('patch', 'cm', 'patched', '-p', '{"data":{"A":"1"}}');
    await kubectl('patch', 'cm', 'patched', '--type=merge', '-p', '{"data":{"B":null}}');
    expect(JSON.parse(await kubectl('get', 'cm', 'patched', '-o', 'json')).data).toEqual({ A: '1' });
    expect(await kubectl('delete', 'cm', 'patched')).toContain('deleted');
    await expect(kubectl('get', 'cm', 'patched')).rejects.toMatchObject({
      stderr: expect.stringContaining('configmaps "patched" not found'),
    });
  });
});

describe.runIf(isInstalled('aws', '--version'))('the AWS CLI', { timeout: 120_000 }, () => {
  it('makes tokens that open the cluster', async () => {
    const { status } = JSON.parse(await aws(test.region, 'eks', 'get-token', '--cluster-name', 'shop'));
    const { status: code } = await ask(test, '/api/v1/namespaces', { token: status.token });
    expect(code).toBe(200);
  });
});
