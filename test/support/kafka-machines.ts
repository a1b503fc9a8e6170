// The machines of Kafka, played by their functions: a call that fails by one of the names that the machines try again is made again.

import { archiveShare } from '../../functions/kafka/archiving.ts';
import { commitArchive } from '../../functions/kafka/commits.ts';
import { openArchive } from '../../functions/kafka/opening.ts';
import { concludeRestore } from '../../functions/kafka/restore-ends.ts';
import { planRestore, RestoreRequest } from '../../functions/kafka/restore-plans.ts';
import { restoreShare } from '../../functions/kafka/restoring.ts';
import { ACCOUNT, PRIMARY } from './environment.ts';

const RETRIED = ['BrokersUnreachable', 'KafkaNotReady'];
const work = { remainingMs: () => 600_000 };
const execution = `arn:aws:states:${PRIMARY}:${ACCOUNT}:execution:lifeboat-shop-test-archive-kafka:1`;

export interface Attempts {
  /** Names of the errors after which a call was made again. */
  failures: string[];
}

/** @throws what the machine would not try again, or has tried again for too long */
const persist = async <T>({ failures }: Attempts, ask: () => Promise<T>): Promise<T> => {
  for (let tries = 0; ; tries++)
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Error) || !RETRIED.includes(error.name) || tries >= 200) throw error;
      failures.push(error.name);
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
};

export interface Archived extends Attempts {
  recoveryPoint: string;
  records: number;
  gaps: number;
}

export const archiveAll = async (scheduledAt: string, segmentBytes?: number): Promise<Archived> => {
  const attempts: Attempts = { failures: [] };
  const request = { source: 'shop-events', scheduledAt, purpose: 'scheduled', execution } as const;
  const opened = await persist(attempts, () => openArchive(request));
  if ('underWay' in opened) throw new Error(`${opened.underWay} is under way.`);
  const { recoveryPoint, shares } = opened;
  for (const share of shares)
    while (!(await persist(attempts, () => archiveShare({ recoveryPoint, share }, work, segmentBytes))).done);
  return { recoveryPoint, ...(await commitArchive({ recoveryPoint })), ...attempts };
};

/** The first call for each share, with what it throws. */
export const restoreOnce = async (request: object): Promise<void> => {
  const { restoreId, shares } = await planRestore(RestoreRequest.parse(request));
  for (const share of shares) await restoreShare({ restoreId, share }, work);
};

export const restoreAll = async (request: object): Promise<Attempts & { records: number; partitions: number }> => {
  const attempts: Attempts = { failures: [] };
  const { restoreId, shares } = await persist(attempts, () => planRestore(RestoreRequest.parse(request)));
  for (const share of shares) while (!(await persist(attempts, () => restoreShare({ restoreId, share }, work))).done);
  return { ...(await concludeRestore({ restoreId })), ...attempts };
};
