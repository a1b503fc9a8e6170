// Writes batches to a broker as they are, transactions too, without this service's own code.
import {
  addPartitionsToTxnV3,
  Connection,
  createAPI,
  endTxnV3,
  findCoordinatorV4,
  initProducerIdV4,
  type Reader,
  ResponseError,
  Writer,
} from '@platformatic/kafka';

export interface Writing extends AsyncDisposable {
  /** @returns the offset of its first record */
  produce(topic: string, batch: Buffer, transactionalId?: string): Promise<number>;
  /** Idempotent, or of a transaction. */
  producer(transactionalId?: string): Promise<{ producerId: bigint; epoch: number }>;
  /** Begins a transaction in partition 0, or goes on with it. */
  begin(topic: string, transactionalId: string, producer: { producerId: bigint; epoch: number }): Promise<void>;
  end(transactionalId: string, producer: { producerId: bigint; epoch: number }, committed: boolean): Promise<void>;
}

/** Of a cluster with one broker. @param address `host:port` */
export const openWriting = async (address: string): Promise<Writing> => {
  const connection = new Connection('test');
  const [host = '', port] = address.split(':');
  await connection.connect(host, Number(port));
  return {
    async produce(topic, batch, transactionalId) {
      // A topic that was made a moment ago has no leader yet.
      for (;;) {
        const { errorCode, baseOffset } = await produceBatch.async(connection, topic, batch, transactionalId ?? null);
        if (errorCode === 0) return baseOffset;
        if (!PASSING.includes(errorCode)) throw new Error(`The broker does not take the batch: ${errorCode}.`);
        await pause();
      }
    },
    async producer(transactionalId) {
      if (transactionalId !== undefined)
        await untilReady(async () => {
          const { coordinators } = await findCoordinatorV4.api.async(connection, 1, [transactionalId]);
          return coordinators[0]?.errorCode ?? 0;
        });
      const { producerId, producerEpoch } = await untilReady(() =>
        initProducerIdV4.api.async(connection, transactionalId ?? null, 60_000),
      );
      return { producerId, epoch: producerEpoch };
    },
    async begin(topic, transactionalId, { producerId, epoch: producerEpoch }) {
      const topics = [{ name: topic, partitions: [0] }];
      await untilReady(() =>
        addPartitionsToTxnV3.api.async(connection, [
          { transactionalId, producerId, producerEpoch, verifyOnly: false, topics },
        ]),
      );
    },
    async end(transactionalId, { producerId, epoch }, committed) {
      await untilReady(() => endTxnV3.api.async(connection, transactionalId, producerId, epoch, committed));
    },
    [Symbol.asyncDispose]: async () => {
      await connection.close();
    },
  };
};

/** Unknown topic, no leader, not the leader, coordinators that load or are not there yet, the end of a transaction that is under way. */
const PASSING = [3, 5, 6, 14, 15, 16, 51];
const pause = () => new Promise((resolve) => setTimeout(resolve, 20));

/** As often as the broker says that it is not ready: by an error, or by the code that is returned. */
const untilReady = async <T>(ask: () => Promise<T>): Promise<T> => {
  for (;;)
    try {
      const answer = await ask();
      if (typeof answer !== 'number' || !PASSING.includes(answer)) return answer;
      await pause();
    } catch (error) {
      const codes = error instanceof ResponseError ? error.errors.map(({ apiCode }) => Number(apiCode)) : [];
      if (!codes.some((code) => PASSING.includes(code))) throw error;
      await pause();
    }
};

const request = (topic: string, batch: Buffer, transactionalId: string | null): Writer =>
  Writer.create()
    .appendString(transactionalId)
    .appendInt16(-1)
    .appendInt32(20_000)
    .appendArray([topic], (topics, name) =>
      topics.appendString(name).appendArray([0], (all, number) => all.appendInt32(number).appendBytes(batch)),
    )
    .appendTaggedFields();

const answered = (_correlation: number, _key: number, _version: number, reader: Reader) => {
  const [answer] = reader.readArray((topic) => {
    topic.readString();
    return topic.readArray((partition) => {
      partition.readInt32();
      const [errorCode, baseOffset] = [partition.readInt16(), Number(partition.readInt64())];
      partition.readInt64();
      partition.readInt64();
      partition.readArray((record) => [record.readInt32(), record.readNullableString()]);
      partition.readNullableString();
      return { errorCode, baseOffset };
    })[0];
  });
  return answer ?? { errorCode: -1, baseOffset: -1 };
};

const produceBatch = createAPI<Parameters<typeof request>, { errorCode: number; baseOffset: number }>(
  0,
  9,
  request,
  answered,
);
