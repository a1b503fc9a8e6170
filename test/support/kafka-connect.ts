// A real worker of Kafka Connect for tests, with the connectors of MirrorMaker 2.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectOptions, type ConnectWorker, startConnect } from '../../local/engines/kafka-connect.ts';

export type TestConnect = ConnectWorker & AsyncDisposable;

/** Ends with the test file. */
export const openConnectWorker = async (options: Omit<ConnectOptions, 'directory'>): Promise<TestConnect> => {
  const directory = await mkdtemp(join(tmpdir(), 'lifeboat-connect-'));
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    const worker = await startConnect({ ...options, directory });
    return Object.assign(worker, {
      [Symbol.asyncDispose]: async () => {
        await worker.kill();
        await remove();
      },
    });
  } catch (error) {
    await remove();
    throw error;
  }
};
