import type { CoreV1Event, V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { stateOf } from '../../../shared/kubernetes/pods.ts';

const container = (change: Partial<V1ContainerStatus> = {}): V1ContainerStatus => ({
  name: 'web',
  image: 'web:1',
  imageID: '',
  ready: false,
  restartCount: 0,
  state: { running: {} },
  ...change,
});
const pod = (containers: V1ContainerStatus[], change: Partial<V1Pod> = {}): V1Pod => ({
  metadata: { name: 'web-1', uid: 'uid-1' },
  status: { containerStatuses: containers, conditions: [{ type: 'Ready', status: 'False' }] },
  ...change,
});
const warning = (message: string, second: number, uid = 'uid-1'): CoreV1Event => ({
  metadata: {},
  involvedObject: { uid },
  message,
  lastTimestamp: new Date(Date.UTC(2026, 10, 25, 12, 0, second)),
});

describe('a pod that is not ready', () => {
  it('says why its container waits, and how it ended before', () => {
    const lastState = { terminated: { exitCode: 1, message: ' no route to the database\n' } };
    const waiting = { reason: 'CrashLoopBackOff', message: 'back-off 40s' };
    expect(stateOf(pod([container({ state: { waiting }, lastState, restartCount: 4 })]), [])).toEqual({
      name: 'web-1',
      ready: false,
      restarts: 4,
      reason: 'CrashLoopBackOff',
      message: 'back-off 40s; last exit code 1: no route to the database',
    });
  });

  it('says how its container ended although it runs again', () => {
    const lastState = { terminated: { exitCode: 137, reason: 'OOMKilled' } };
    expect(stateOf(pod([container({ lastState, restartCount: 1 })]), [])).toMatchObject({
      reason: 'NotReady',
      message: 'exit code 137',
    });
  });

  it('says the newest warning about itself, where its container says nothing', () => {
    const warnings = [
      warning('connection refused', 1),
      warning('statuscode: 503', 3),
      warning('statuscode: 500', 2),
      warning('of another pod', 9, 'uid-2'),
    ];
    expect(stateOf(pod([container()]), warnings)).toMatchObject({ reason: 'NotReady', message: 'statuscode: 503' });
  });

  it('that has no node says why', () => {
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' }];
    expect(stateOf(pod([], { status: { conditions } }), [])).toMatchObject({
      reason: 'Unschedulable',
      message: '0/3 nodes',
    });
  });

  it('that is ending says no more than that', () => {
    const ending = { metadata: { name: 'web-1', deletionTimestamp: new Date() } };
    expect(stateOf(pod([container()], ending), [])).toEqual({
      name: 'web-1',
      ready: false,
      restarts: 0,
      reason: 'Terminating',
    });
  });
});

it('a pod that is ready has no reason', () => {
  const status = { conditions: [{ type: 'Ready', status: 'True' }], containerStatuses: [container({ ready: true })] };
  expect(stateOf(pod([], { status }), [])).toEqual({ name: 'web-1', ready: true, restarts: 0 });
});
