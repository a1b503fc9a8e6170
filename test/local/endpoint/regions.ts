// A world with its endpoints in a folder of its own, and clients of it as an application would make them.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWorld, type LocalRegion, type LocalWorld } from '../../../local/world.ts';

export interface TestWorld extends AsyncDisposable {
  world: LocalWorld;
  east: LocalRegion;
  west: LocalRegion;
  directory: string;
}

export const createTestWorld = async (start?: Date): Promise<TestWorld> => {
  const directory = await mkdtemp(join(tmpdir(), 'endpoint-'));
  const world = await createWorld({ directory, regions: ['us-east-1', 'us-west-2'], ...(start && { start }) });
  return {
    world,
    directory,
    east: world.region('us-east-1'),
    west: world.region('us-west-2'),
    [Symbol.asyncDispose]: async () => {
      await world.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

export interface ClientOptions {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  maxAttempts: number;
}

/** Settings of an SDK client that talks to a region as the operator, or with another access key. One attempt: tests see what happened. */
export const as = (region: LocalRegion, accessKeyId = 'operator'): ClientOptions => ({
  endpoint: region.endpoint,
  region: region.name,
  credentials: { accessKeyId, secretAccessKey: 'any' },
  maxAttempts: 1,
});
