import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Deployment, Pod } from '../../../../local/services/eks/api/objects.ts';
import { HASH_LABEL, planRollout } from '../../../../local/services/eks/controllers/rollout.ts';

const NOW = new Date('2026-11-25T12:00:00Z');
const later = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1000);

const deployment = (replicas: number, change: Partial<Deployment['spec']> = {}): Deployment =>
  ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', uid: 'u', resourceVersion: '1', generation: 3, creationTimestamp: '' },
    spec: {
      replicas,
      selector: {},
      template: { spec: { containers: [], terminationGracePeriodSeconds: 30 } },
      progressDeadlineSeconds: 600,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      ...change,
    },
    status: {},
  }) satisfies Deployment;

let serial = 0;
const pod = (hash: string, ready: boolean): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `pod-${serial++}`,
      uid: '',
      resourceVersion: '',
      creationTimestamp: '',
      labels: { [HASH_LABEL]: hash },
    },
    spec: { containers: [], terminationGracePeriodSeconds: 30 },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      containerStatuses: [],
    },
  }) satisfies Pod;
const pods = (count: number, hash: string, ready: boolean): Pod[] =>
  Array.from({ length: count }, () => pod(hash, ready));
const plan = (of: Deployment, all: Pod[], { isNew = false, now = NOW } = {}) =>
  planRollout({ deployment: of, pods: all, hash: 'new', isNew, now });
const progress = (of: Deployment, all: Pod[], options = {}) =>
  plan(of, all, options).status.conditions?.find(({ type }) => type === 'Progressing');

describe('a rolling update', () => {
  it('of four begins with one more pod and one old pod less', () => {
    const next = plan(deployment(4), pods(4, 'old', true), { isNew: true });
    expect([next.create, next.remove.length]).toEqual([1, 1]);
  });

  it('ends old pods that are not ready before those that are', () => {
    const broken = pod('old', false);
    const next = plan(deployment(4), [...pods(3, 'old', true), broken, pod('new', true)]);
    expect(next.remove).toContain(broken);
  });

  it('never leaves fewer ready than it may, never makes more than it may, and comes to its end', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 4 }),
        fc.integer({ min: 0, max: 4 }),
        (replicas, maxSurge, maxUnavailable) => {
          const unavailable = maxSurge + maxUnavailable === 0 ? 1 : Math.min(maxUnavailable, replicas);
          const of = deployment(replicas, {
            strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
          });
          let all = pods(replicas, 'old', true);
          for (let step = 0; step < 60; step++) {
            const next = plan(of, all);
            all = [...all.filter((one) => !next.remove.includes(one)), ...pods(next.create, 'new', false)];
            const ready = all.filter(({ status }) => status.conditions[0]?.status === 'True').length;
            expect(ready).toBeGreaterThanOrEqual(replicas - unavailable);
            expect(all.length).toBeLessThanOrEqual(replicas + Math.max(maxSurge, 0));
            const waiting = all.find(({ status }) => status.conditions[0]?.status !== 'True');
            if (waiting) all = all.map((one) => (one === waiting ? pod('new', true) : one));
          }
          expect(all.map(({ metadata }) => metadata.labels?.[HASH_LABEL])).toEqual(Array(replicas).fill('new'));
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('a deployment that is recreated', () => {
  it('ends all old pods first and makes new ones when none is left', () => {
    const of = deployment(2, { strategy: { type: 'Recreate' } });
    expect(plan(of, pods(2, 'old', true))).toMatchObject({ create: 0, remove: { length: 2 } });
    expect(plan(of, [])).toMatchObject({ create: 2, remove: [] });
  });
});

describe('progress', () => {
  const underWay = (reason: string, replicas = 2): Deployment => ({
    ...deployment(replicas),
    status: {
      replicas,
      updatedReplicas: replicas,
      readyReplicas: 0,
      conditions: [{ type: 'Progressing', status: 'True', reason, lastUpdateTime: NOW.toISOString() }],
    },
  });

  it('counts its deadline from the last time anything moved on', () => {
    const standing = pods(2, 'new', false);
    expect(progress(underWay('ReplicaSetUpdated'), standing, { now: later(599) })?.reason).toBe('ReplicaSetUpdated');
    expect(progress(underWay('ReplicaSetUpdated'), standing, { now: later(600) })).toMatchObject({
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
    });
    const moved = progress(underWay('ReplicaSetUpdated'), [pod('new', true), pod('new', false)], { now: later(600) });
    expect(moved).toMatchObject({ status: 'True', lastUpdateTime: later(600).toISOString() });
  });

  it('that was given up begins again with a new template, and is complete when all are available', () => {
    const failed = underWay('ProgressDeadlineExceeded');
    expect(progress(failed, pods(2, 'new', false), { isNew: true })?.reason).toBe('NewReplicaSetCreated');
    expect(progress(failed, pods(2, 'new', true))?.reason).toBe('NewReplicaSetAvailable');
  });

  it('that was complete has no deadline any more, whatever becomes of its pods', () => {
    const complete = underWay('NewReplicaSetAvailable');
    expect(progress(complete, pods(2, 'new', false), { now: later(6000) })?.reason).toBe('NewReplicaSetAvailable');
  });
});

it('the status counts pods and says which generation it is of', () => {
  const { status } = plan(deployment(3), [pod('new', true), pod('new', false), pod('old', true)]);
  expect(status).toMatchObject({
    observedGeneration: 3,
    replicas: 3,
    updatedReplicas: 2,
    readyReplicas: 2,
    availableReplicas: 2,
    unavailableReplicas: 1,
  });
});
