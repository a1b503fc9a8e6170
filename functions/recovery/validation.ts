// The validation after a failover: every point of the checklist answered by a test, put to a person, or left out with a reason.
import { z } from 'zod';
import { writeArtifact } from '../../shared/artifacts/artifacts.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import { configuration } from '../../shared/config/platform.ts';
import { LifeboatError } from '../../shared/errors.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { notify } from '../../shared/notify/notify.ts';
import { validationKey } from '../../shared/recovery/documents.ts';
import { CHECKLIST, type Point, TESTS, type TestName } from './checklist.ts';
import type { PhaseContext, Step } from './phases.ts';
import { subjectOf } from './validation-subject.ts';
import { type Outcome, VALIDATION_TESTS } from './validation-tests.ts';

export const Validated = z.strictObject({
  group: z.string(),
  title: z.string(),
  result: z.enum(['passed', 'failed', 'unanswered', 'asked', 'not applicable']),
  expected: z.string().optional(),
  found: z.string().optional(),
});
export type Validated = z.output<typeof Validated>;

const LOOK_AGAIN_SECONDS = 10;
/** What is not as it should be by then takes longer to mend: customers are served already, and people want to hear. */
const PATIENCE_SECONDS = 30;

/**
 * Looks again for half a minute while something fails; then it is done all the same: what failed is told, and
 * is no reason to stop where customers are served already.
 */
export const validate = async (context: PhaseContext, work: Work): Promise<Step> => {
  const points = await answerAll(context, work);
  const bad = points.filter(({ result }) => result === 'failed' || result === 'unanswered');
  const found = bad.map((point) => `${point.title}: ${point.found}`).join('; ');
  if (bad.length > 0 && secondsBetween(context.startedAt, now()) + LOOK_AGAIN_SECONDS <= PATIENCE_SECONDS)
    return { done: false, waitSeconds: LOOK_AGAIN_SECONDS, found: found.slice(0, 2000) };
  const { uri } = await writeArtifact(validationKey(context.failoverId), JSON.stringify({ points }));
  await askPeople(context, points, uri);
  const count = (result: Validated['result']): number => points.filter((point) => point.result === result).length;
  return {
    done: true,
    facts: {
      passed: count('passed'),
      failed: bad.map(({ title, found: what }) => `${title}: ${what}`.slice(0, 300)),
      asked: count('asked'),
      notApplicable: count('not applicable'),
      evidence: uri,
    },
  };
};

const answerAll = async (context: PhaseContext, work: Work): Promise<Validated[]> => {
  const subject = subjectOf(context, work);
  const wanted = TESTS.map(async (name): Promise<[TestName, Outcome | Error]> => {
    try {
      return [name, await VALIDATION_TESTS[name](subject)];
    } catch (error) {
      return [name, error instanceof Error ? error : new Error(String(error))];
    }
  });
  const outcomes = Object.fromEntries(await Promise.all(wanted)) as Record<TestName, Outcome | Error>;
  return CHECKLIST.map((point) => validated(point, outcomes));
};

const validated = ({ group, title, by }: Point, outcomes: Record<TestName, Outcome | Error>): Validated => {
  if ('person' in by) return { group, title, result: 'asked', expected: by.person };
  if ('nobody' in by) return { group, title, result: 'not applicable', found: by.nobody };
  const outcome = outcomes[by.test];
  // Our errors say what was found; another's name is all that may be shown of it.
  if (outcome instanceof Error)
    return {
      group,
      title,
      result: 'unanswered',
      found: outcome instanceof LifeboatError ? outcome.message : outcome.name,
    };
  if ('notApplicable' in outcome) return { group, title, result: 'not applicable', found: outcome.notApplicable };
  const { passed, expected, found } = outcome;
  return { group, title, result: passed ? 'passed' : 'failed', expected, found };
};

/** One message with every question, and with what failed. */
const askPeople = async (
  { failoverId, to, startedAt }: PhaseContext,
  points: Validated[],
  uri: string,
): Promise<void> => {
  const { platform } = configuration();
  const bad = points.filter(({ result }) => result === 'failed' || result === 'unanswered');
  const asked = points.filter(({ result }) => result === 'asked');
  await notify({
    topic: 'disaster',
    what: `${platform}: after ${failoverId}, ${bad.length} points failed and ${asked.length} are for people to answer`,
    source: platform,
    since: startedAt,
    impact: bad.length > 0 ? `Served from ${to}, with what is named below not as it should be.` : `Served from ${to}.`,
    evidence: [
      ...bad.map(({ title, found }) => `FAILED ${title}: ${found}`),
      ...asked.map(({ group, title, expected }) => `${group}: ${title}? ${expected}`),
    ],
    next: `Answer each question and write down who looked. The whole list: aws s3 cp ${uri} -`,
  });
};
