// Functions of Kafka in a process of their own, bundled as they are deployed: it can be measured, and killed.
//   node kafka-functions.cjs archive '{"source": …, "bootstrap": […], "topics": […], "scheduledAt": …}'
// What it did is the last line it prints, as JSON. With LIFEBOAT_KILL_AT=<n> it ends by SIGKILL at the n-th time that it would write
// to a connection; what it wrote before may have taken effect.
import { Socket } from 'node:net';
import { z } from 'zod';
import { archiveShare } from '../../../functions/kafka/archiving.ts';
import { commitArchive } from '../../../functions/kafka/commits.ts';
import { openArchive } from '../../../functions/kafka/opening.ts';
import { concludeRestore } from '../../../functions/kafka/restore-ends.ts';
import { planRestore, RestoreRequest } from '../../../functions/kafka/restore-plans.ts';
import { restoreShare } from '../../../functions/kafka/restoring.ts';

const Archive = z.object({
  source: z.string(),
  scheduledAt: z.iso.datetime(),
  execution: z.string().default('arn:aws:states:us-east-1:111122223333:execution:archive-kafka:1'),
  segmentBytes: z.int().optional(),
});
const Restore = z.object({ request: RestoreRequest, conclude: z.boolean() });

const [job, text = ''] = process.argv.slice(2);
const killAt = Number(process.env.LIFEBOAT_KILL_AT ?? Number.POSITIVE_INFINITY);
const work = { remainingMs: () => 900_000 };

let writes = 0;
/** Everything that is asked of the vault and of brokers goes through here. */
const countWrites = (): void => {
  const { _write: write, _writev: writev } = Socket.prototype;
  const count = (): void => {
    writes += 1;
    if (writes >= killAt) process.kill(process.pid, 'SIGKILL');
  };
  Object.assign(Socket.prototype, {
    _write(this: Socket, ...args: Parameters<typeof write>) {
      count();
      return write.apply(this, args);
    },
    _writev(this: Socket, ...args: Parameters<NonNullable<typeof writev>>) {
      count();
      return writev?.apply(this, args);
    },
  });
};

/** As the machine does it: asked again while there is more, or while the cluster does not know a topic yet. */
const untilDone = async <T extends { done: boolean }>(ask: () => Promise<T>): Promise<T> => {
  for (let tries = 0; ; tries++)
    try {
      const answer = await ask();
      if (answer.done) return answer;
    } catch (error) {
      if (tries > 100 || !(error instanceof Error) || error.name !== 'KafkaNotReady') throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
};

const archive = async (): Promise<object> => {
  const { source, scheduledAt, execution, segmentBytes } = Archive.parse(JSON.parse(text));
  const opened = await openArchive({ source, scheduledAt, purpose: 'scheduled', execution });
  if ('underWay' in opened) throw new Error(`${opened.underWay} is under way.`);
  const { recoveryPoint, shares } = opened;
  for (const share of shares) await untilDone(() => archiveShare({ recoveryPoint, share }, work, segmentBytes));
  return { recoveryPoint, ...(await commitArchive({ recoveryPoint })) };
};

const restore = async (): Promise<object> => {
  const { request, conclude } = Restore.parse(JSON.parse(text));
  const { restoreId, shares } = await planRestore(request);
  let records = 0;
  for (const share of shares) records += (await untilDone(() => restoreShare({ restoreId, share }, work))).records;
  if (conclude) await concludeRestore({ restoreId });
  return { records, shares: shares.length };
};

const run = async (): Promise<void> => {
  countWrites();
  const began = performance.now();
  const said = await (job === 'archive' ? archive() : restore());
  const seconds = (performance.now() - began) / 1000;
  process.stdout.write(`\n${JSON.stringify({ ...said, seconds, writes })}\n`, () => process.exit(0));
};

void run().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`, () => process.exit(1));
});
