// Sends what a follow-up has claimed: one by one, or in one message where it would be many for the same people.
import { configuration } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import { changeTrouble } from '../../shared/notify/journal.ts';
import { type Notice, noticeOf } from '../../shared/notify/message.ts';
import { phrase } from '../../shared/notify/phrasing.ts';
import { publish } from '../../shared/notify/publish.ts';
import { escalationTopic, type Topic } from '../../shared/notify/topics.ts';
import { escalationTold, released, type Sight, type Trouble, told } from '../../shared/notify/trouble.ts';
import { record } from '../../shared/telemetry/metrics.ts';

/** A trouble to be told to its topic; with `level`, to those who are told when nobody acknowledged. */
export interface Due {
  trouble: Trouble;
  occurrences: number;
  level?: number;
}

/** More than this for one topic in one run becomes one message. */
const ONE_BY_ONE = 2;

/** Returns what could not be told, in words. */
export const tell = async (due: readonly Due[], sight: Sight): Promise<string[]> => {
  const failures: string[] = [];
  for (const [topic, group] of Map.groupBy(due, topicOf)) {
    const parts = group.length > ONE_BY_ONE ? [group] : group.map((one) => [one]);
    for (const part of parts) {
      try {
        await publish(topic, part.length > 1 ? digestOf(part, sight) : noticeFor(part[0] as Due, sight));
      } catch (error) {
        failures.push(`${topic}: ${error instanceof Error ? error.message : String(error)}`);
        for (const one of part) await note(one, sight, false);
        continue;
      }
      for (const one of part) await note(one, sight, true);
    }
  }
  return failures;
};

const topicOf = ({ trouble, level }: Due): string => (level ? escalationTopic(level) : trouble.notice.topic);

const note = async ({ trouble, occurrences, level }: Due, { by }: Sight, taken: boolean): Promise<void> => {
  const { source } = trouble.notice;
  await changeTrouble(source, trouble.kind, (found) => {
    if (!found) return found;
    if (level) return taken ? escalationTold(found, by) : found;
    return taken ? told(found, by, occurrences) : released(found, by);
  });
  if (level && taken) record('NotificationsEscalated', 1, source);
};

const noticeFor = ({ trouble, occurrences, level }: Due, sight: Sight): Notice => {
  const notice = phrase(trouble, { ...sight, occurrences });
  if (!level) return notice;
  const { after, levels } = configuration().notifications.escalation;
  const { acknowledge, ...rest } = notice;
  const before = new Date(sight.at.getTime() + after * 1000).toISOString();
  return {
    ...rest,
    state: 'escalated',
    evidence: [
      `nobody acknowledged it before ${trouble.acknowledgeBefore}; this is level ${level}`,
      ...notice.evidence,
    ],
    ...(acknowledge && level < levels.length ? { acknowledge: { ...acknowledge, before } } : {}),
    ...(acknowledge && level >= levels.length
      ? { next: `${notice.next} Say that you take care of it: ${acknowledge.command}` }
      : {}),
  };
};

const digestOf = (group: readonly Due[], sight: Sight): Notice => {
  const [{ trouble, level }] = group as [Due];
  const sources = [...new Set(group.map(({ trouble: { notice } }) => notice.source))];
  const since = group.map(({ trouble: { notice } }) => notice.since).sort()[0] as string;
  const { platform } = configuration();
  return noticeOf(
    {
      topic: trouble.notice.topic as Topic,
      what: `${level ? 'Nobody acknowledged ' : ''}${group.length} troubles of ${sources.slice(0, 5).join(', ')}${sources.length > 5 ? ` and ${sources.length - 5} more` : ''}`,
      source: sources.length === 1 ? (sources[0] as string) : 'several',
      since: new Date(since),
      impact: 'Each is told below; so many at once often have one cause.',
      evidence: group.map((one) => {
        const { state, what, repeats = 0, id } = noticeFor(one, sight);
        return `${state}: ${what} (${repeats} repeats; ${id})`;
      }),
      next: `Look for the common cause. Acknowledge each by its id: ${group.flatMap((one) => phrase(one.trouble, { ...sight, occurrences: undefined }).acknowledge?.command ?? [])[0] ?? 'none of them demands it'}`,
    },
    { platform, region: settings().region },
  );
};
