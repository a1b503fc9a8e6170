// Events of the shop: what happened, told to whoever wants to know, by Kafka.
import { Producer, stringSerializers } from '@platformatic/kafka';
import { eventBrokers } from './configuration.ts';

export interface Events {
  /** Resolves once the brokers have it. An event that they do not take is lost, and said: the order stands in the database. */
  tell(topic: string, key: string, event: object): Promise<void>;
}

const PATIENCE_MS = 2_000;

export const openEvents = (): Events => {
  const bootstrapBrokers = eventBrokers();
  if (bootstrapBrokers.length === 0) return { tell: async () => undefined };
  const producer = new Producer({
    ...{ clientId: 'shop-order', bootstrapBrokers, serializers: stringSerializers },
    ...{ connectTimeout: PATIENCE_MS, timeout: PATIENCE_MS, retries: 1, acks: -1 },
  });
  return {
    tell: async (topic, key, event) => {
      try {
        await producer.send({ messages: [{ topic, key, value: JSON.stringify(event) }] });
      } catch (error) {
        process.stderr.write(`no event of ${topic} ${key}: ${(error as Error).message}\n`);
      }
    },
  };
};
