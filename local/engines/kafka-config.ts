// Properties of one broker that is controller, too.
import { join } from 'node:path';

/** A broker's place in its cluster. Both ports are on 127.0.0.1. */
export interface Node {
  id: number;
  port: number;
  controllerPort: number;
}

/** How long the cluster goes on with a broker that is silent. A broker that was killed is not let in again before. */
const SESSION_MS = 3000;

/** Text of server.properties. `own` are the caller's and win over ours. */
export const serverProperties = (
  node: Node,
  nodes: readonly Node[],
  directory: string,
  own: Record<string, string>,
): string => {
  const replicas = `${Math.min(nodes.length, 3)}`;
  const all: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': `${node.id}`,
    // By configuration, not by what storage was formatted with: ports may be others at the next start.
    'controller.quorum.voters': nodes.map((each) => `${each.id}@127.0.0.1:${each.controllerPort}`).join(','),
    listeners: `PLAINTEXT://127.0.0.1:${node.port},CONTROLLER://127.0.0.1:${node.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${node.port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': join(directory, 'data'),
    // A misspelt topic is an error, not a new topic; so it is in MSK's default configuration.
    'auto.create.topics.enable': 'false',
    'default.replication.factor': replicas,
    'broker.session.timeout.ms': `${SESSION_MS}`,
    'broker.heartbeat.interval.ms': '500',
    // Internal topics: small, and on every broker, so that the loss of one leaves groups and transactions alive.
    ...internal('offsets.topic', replicas),
    ...internal('transaction.state.log', replicas),
    ...internal('share.coordinator.state.topic', replicas),
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'num.network.threads': '2',
    'num.io.threads': '4',
    // The default is half of the heap.
    'log.cleaner.dedupe.buffer.size': '2097152',
    ...own,
  };
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`)
    .join('');
};

const internal = (topic: string, replicas: string): Record<string, string> => ({
  [`${topic}.num.partitions`]: '3',
  [`${topic}.replication.factor`]: replicas,
});
