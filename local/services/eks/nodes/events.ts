// Events as the kubelet and controllers write them; the same thing again is counted, and what a pod said goes with it.
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../types.ts';
import type { KubeObject } from '../api/objects.ts';
import { EVENTS } from '../api/resources.ts';
import { type Store, stamp } from '../api/store.ts';

interface KubeEvent extends KubeObject {
  involvedObject: { kind: string; namespace: string; name: string; uid: string };
  type: string;
  reason: string;
  message: string;
  count: number;
  lastTimestamp: string;
}

export interface Recorder {
  record(about: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void;
  forget(about: KubeObject): void;
}

export const createRecorder = (store: Store, clock: Clock): Recorder => {
  const about = ({ metadata: { namespace, uid } }: KubeObject): KubeEvent[] =>
    store.list<KubeEvent>(EVENTS, namespace).filter(({ involvedObject }) => involvedObject.uid === uid);
  return {
    record: (object, type, reason, message) => {
      const { kind, metadata } = object;
      const { namespace = '', name, uid } = metadata;
      const now = stamp(clock.now());
      const again = about(object).find((event) => event.reason === reason && event.message === message);
      if (again)
        return store.change(EVENTS, again, (event) => {
          event.count += 1;
          event.lastTimestamp = now;
        });
      store.create(EVENTS, {
        metadata: { name: `${name}.${randomBytes(8).toString('hex')}`, namespace },
        involvedObject: { kind, namespace, name, uid },
        type,
        reason,
        message,
        count: 1,
        firstTimestamp: now,
        lastTimestamp: now,
        source: { component: kind === 'Pod' ? 'kubelet' : 'controllers' },
      });
    },
    forget: (object) => {
      for (const event of about(object)) store.remove(EVENTS, event);
    },
  };
};
