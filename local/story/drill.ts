// A drill before it is needed: the same machine goes through the whole failover on copies, while customers go on ordering.
import { Drills, drillsKey } from '../../shared/recovery/drills.ts';
import type { LocalPlatform } from '../platform.ts';
import type { Customers } from './customers.ts';
import { readObject, startMachine, untilEnded } from './observations.ts';
import type { Progress } from './progress.ts';

const DRILL = 'drill-before-it-is-needed';

export const rehearse = async (platform: LocalPlatform, customers: Customers, progress: Progress): Promise<void> => {
  const { recovery, stacks, world } = platform;
  const refused = customers.refusals.length;
  const ordered = customers.acknowledged.length;
  const input = { failoverId: DRILL, reason: 'To know that it works.', by: 'platform team', drill: 'full' };
  const status = await untilEnded(platform, await startMachine(platform, 'failover', input, recovery));
  const bucket = stacks.recovery.outputs.VaultBucketName as string;
  const book = Drills.parse(JSON.parse(await readObject(platform, recovery, bucket, drillsKey(recovery.name))));
  const result = book.find(({ id }) => id === DRILL)?.result;
  progress.claim(
    'a full drill goes through every phase on copies, and passes',
    result?.outcome === 'passed',
    [status, result?.outcome, ...(result?.tasks ?? [])].join('; '),
  );
  const took = Object.entries(result?.phases ?? {}).map(([phase, seconds]) => `${phase} ${seconds} s`);
  progress.step(
    world.clock.now(),
    `drill: RTO ${result?.rtoSeconds} s, RPO ${result?.rpoSeconds} s by the canary in the copy; ${took.join(', ')}`,
  );
  const left = await copiesIn(platform);
  progress.claim('nothing of the drill is left', left.length === 0, left.join(', '));
  progress.claim(
    'customers noticed nothing of it',
    customers.refusals.length === refused && customers.acknowledged.length > ordered,
    customers.refusals.slice(refused).join(', '),
  );
};

const copiesIn = async ({ ask, recovery }: LocalPlatform): Promise<string[]> => {
  const answers = await Promise.all([
    ask<object>(recovery, 'rds', 'DescribeDBInstances', {}),
    ask<object>(recovery, 'rds', 'DescribeDBSnapshots', {}),
    ask<object>(recovery, 'elasticache', 'DescribeReplicationGroups', {}),
  ]);
  return [...new Set(JSON.stringify(answers).match(/lifeboat-drill-[0-9a-f]+/g) ?? [])];
};
