import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { createIam } from '../../../local/iam/iam.ts';
import type { Region, World } from '../../../local/types.ts';

export interface Call {
  region: string;
  service: string;
  operation: string;
  input: Record<string, unknown>;
}

type Answer = (input: Record<string, string>) => object;

/** A region that writes down what it is asked and answers as told; an operation without an answer gives nothing back. */
export const fakeRegion = (answers: Record<string, Answer> = {}, name = 'us-east-1') => {
  const calls: Call[] = [];
  const account = '111122223333';
  const iam = createIam({ account });
  const clock = { now: () => new Date('2026-11-20T12:00:00Z') };
  const world = { account, iam, clock } as unknown as World;
  const regionNamed = (region: string): Region =>
    ({
      name: region,
      account,
      clock,
      world,
      services: new Map(),
      call: async (service: string, operation: string, input: Record<string, unknown>) => {
        calls.push({ region, service, operation, input });
        return answers[operation]?.(input as Record<string, string>) ?? {};
      },
    }) as unknown as Region;
  const regions = new Map<string, Region>();
  world.region = (wanted) => {
    const found = regions.get(wanted) ?? regionNamed(wanted);
    regions.set(wanted, found);
    return found;
  };
  return { region: world.region(name), calls, iam };
};

/** A folder with the packaged template and its archives, removed when the test is over. */
export const packaged = async (template: object, archives: Record<string, string> = {}): Promise<string> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'lifeboat-package-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(path.join(folder, 'cloudformation-template-update-stack.json'), JSON.stringify(template));
  for (const [name, content] of Object.entries(archives)) await writeFile(path.join(folder, name), content);
  return folder;
};
