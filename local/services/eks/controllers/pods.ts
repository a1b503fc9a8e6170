// Places every new pod on the node and ends those that are deleted.
import type { Pod } from '../api/objects.ts';
import { PODS } from '../api/resources.ts';
import type { Store } from '../api/store.ts';
import type { Node } from '../nodes/pods.ts';
import type { Controller } from './deployments.ts';

export const runPods = (store: Store, node: Node): Controller => {
  const stop = store.watch(store.version(), ({ type, resource, object }) => {
    if (resource !== PODS) return;
    if (type === 'ADDED') setImmediate(() => node.start(object as Pod));
    if (type === 'MODIFIED' && object.metadata.deletionTimestamp) node.terminate(object as Pod);
  });
  return { close: stop };
};
