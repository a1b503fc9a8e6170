// A second listener of a broker, beside the plain one that Kafka's own programs and the broker itself use.
import type { Node } from '../../local/engines/kafka-config.ts';

export interface Listener {
  /** In capitals, as Kafka's documentation has them. */
  name: string;
  protocol: 'PLAINTEXT' | 'SASL_SSL';
  port: number;
  /** Where clients are sent to; its own port where left out. */
  advertised?: number;
  /** Of this listener alone: `sasl.enabled.mechanisms`. */
  settings?: Record<string, string>;
}

/** @param rest properties of the broker */
export const listeningAlso =
  ({ name, protocol, port, advertised = port, settings = {} }: Listener, rest: Record<string, string>) =>
  (node: Node): Record<string, string> => ({
    listeners: `PLAINTEXT://127.0.0.1:${node.port},${name}://127.0.0.1:${port},CONTROLLER://127.0.0.1:${node.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${node.port},${name}://127.0.0.1:${advertised}`,
    'listener.security.protocol.map': `PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,${name}:${protocol}`,
    ...Object.fromEntries(
      Object.entries(settings).map(([setting, value]) => [`listener.name.${name.toLowerCase()}.${setting}`, value]),
    ),
    ...rest,
  });
