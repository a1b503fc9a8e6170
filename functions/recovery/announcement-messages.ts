import { now } from '../../shared/clock.ts';
import { configuration } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import type { Message } from '../../shared/notify/message.ts';
import type { Facts, PhaseRecord } from '../../shared/recovery/documents.ts';
import type { PhaseContext } from './phases.ts';

const seconds = (value: unknown): string => (typeof value === 'number' ? `${Math.round(value)} s` : 'not known');

const took = ({ startedAt, endedAt, targetSeconds }: PhaseRecord): string => {
  if (!endedAt) return 'not done';
  const spent = (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
  const late = targetSeconds && spent > targetSeconds ? `, longer than its target of ${targetSeconds} s` : '';
  return `${seconds(spent)}${late}`;
};

const timeLine = (records: readonly PhaseRecord[]): string[] =>
  records.map(
    (record) => `${record.phase}: ${took(record)}${record.found && !record.endedAt ? ` (${record.found})` : ''}`,
  );

/** It is over: what it took, what it cost, what is left to do. */
export const doneMessage = (
  { failoverId, from, to, declaredAt, plan, factsOf }: PhaseContext,
  records: readonly PhaseRecord[],
  { rtoSeconds, outageSeconds, totalSeconds, lossSeconds }: Facts,
): Message => {
  const { platform } = configuration();
  const { objectives } = plan;
  const database = factsOf('database') ?? {};
  const cache = factsOf('cache');
  const fenced = factsOf('fence')?.confirmed === true;
  return {
    topic: 'disaster',
    what: `${platform} lives in ${to}: customers served after ${seconds(rtoSeconds)}, failover ${failoverId} done after ${seconds(totalSeconds)}`,
    source: platform,
    since: declaredAt,
    impact: `The database is ${database.instance} (${database.how === 'snapshot' ? `restored from ${database.recoveryPoint}` : 'the promoted replica'}). Lost of it: at most ${seconds(lossSeconds)}. It has no replica in another region now.`,
    evidence: [
      `RTO ${seconds(rtoSeconds)} from the declaration until customers were served, objective ${objectives.rto} s; ${seconds(outageSeconds)} since trouble was first seen`,
      `RPO ${seconds(lossSeconds)}, objective ${objectives.rpo} s`,
      ...(cache
        ? [
            `the cache is ${cache.replicationGroup}, restored from ${cache.recoveryPoint}: what was written to it in the last ${seconds(cache.lossSeconds)} is lost`,
            ...(Array.isArray(cache.passedOver)
              ? [`archives found damaged on the way: ${cache.passedOver.join(', ')}`]
              : []),
          ]
        : []),
      ...timeLine(records.filter(({ phase }) => phase !== 'announce')),
      fenced
        ? `the old primary in ${from} was fenced`
        : `the old primary in ${from} could not be fenced: it is tried every minute; what is written there meanwhile is not here`,
    ],
    next: `Look at ${from} before you go back: nothing there may be started by hand. Failing back is docs/failover.md, "Going back".`,
  };
};

interface Stopped {
  failoverId: string;
  execution: string;
  state: string;
  happened: string;
  records: readonly PhaseRecord[];
  nothingDone: boolean;
}

/** It stopped: what is done, what is not, and how it goes on. */
export const stoppedMessage = ({ failoverId, execution, state, happened, records, nothingDone }: Stopped): Message => {
  const { platform } = configuration();
  const { region, service } = settings();
  const redrive = `aws stepfunctions redrive-execution --region ${region} --execution-arn ${execution}`;
  const abandon = `aws lambda invoke --region ${region} --function-name ${service}-recoveryAbandon --cli-binary-format raw-in-base64-out --payload '${JSON.stringify({ failoverId, platform: '<its name>', by: '<your name>' })}' /dev/stdout`;
  return {
    topic: 'disaster',
    what: nothingDone
      ? `Failover ${failoverId} of ${platform} was not begun: ${happened}`
      : `Failover ${failoverId} of ${platform} STOPPED at "${state}"`,
    source: platform,
    since: records[0] ? new Date(records[0].startedAt) : now(),
    impact: nothingDone
      ? `The platform lives where it lived. ${happened}`
      : `The platform is between two regions. ${happened}`,
    evidence: timeLine(records),
    next: nothingDone
      ? 'Do what the message says, if anything.'
      : `Mend what it says, then go on where it stopped: ${redrive} — or give up: ${abandon}`,
  };
};
