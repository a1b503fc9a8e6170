import { describe, expect, it } from 'vitest';
import type { Json } from '../../local/services/step-functions/language/definition.ts';
import { named } from '../local/services/step-functions/support.ts';
import { machineOf, regionOf } from './definitions.ts';

const machine = machineOf('verify-kafka');
const INPUT = { source: 'shop-events', scheduledAt: '2026-11-22T05:00:00Z' };
const REPLAY = { restoreId: 'verify-1', shares: [0, 1] };

const verify = (answers: Record<string, (event: Json) => Json> = {}, replay: Json = REPLAY) => {
  const region = regionOf({
    kafkaVerificationChoosePoint: () => ({ source: 'shop-events', recoveryPoint: 'point', groups: [0, 1, 2], replay }),
    kafkaVerificationReadGroup: () => ({ done: true }),
    kafkaRestoreShare: () => ({ done: true }),
    kafkaVerificationRemoveTopics: () => ({ removed: 1 }),
    kafkaVerificationConclude: () => ({ verdict: 'PROVEN' }),
    ...answers,
  });
  const payloads = (of: string) => region.asked.filter(([key]) => key === of).map(([, payload]) => payload);
  return { asked: region.asked, payloads, run: () => region.run(machine, INPUT, 80_000) };
};
const throws = (name: string) => () => {
  throw named(name, 'why');
};

describe('verify-kafka', () => {
  it('reads every group, replays every share, removes the topics and concludes', async () => {
    let left = 3;
    const { run, payloads, asked } = verify({
      kafkaVerificationReadGroup: (event) => ({ done: (event as { group: number }).group !== 1 || --left === 0 }),
    });
    expect(await run()).toMatchObject({ status: 'SUCCEEDED', output: { verdict: 'PROVEN' } });
    expect(payloads('kafkaVerificationReadGroup')).toHaveLength(5);
    expect(payloads('kafkaRestoreShare')).toEqual([
      { restoreId: 'verify-1', share: 0 },
      { restoreId: 'verify-1', share: 1 },
    ]);
    expect(asked.slice(-2).map(([key]) => key)).toEqual(['kafkaVerificationRemoveTopics', 'kafkaVerificationConclude']);
    expect(payloads('kafkaVerificationConclude')[0]).toMatchObject({
      recoveryPoint: 'point',
      attempt: 1,
      troubles: [],
    });
  });

  it('replays nothing where there is no test cluster', async () => {
    const { run, asked } = verify({}, null);
    expect((await run()).status).toBe('SUCCEEDED');
    expect(asked.map(([key]) => key)).not.toContain('kafkaRestoreShare');
    expect(asked.map(([key]) => key)).not.toContain('kafkaVerificationRemoveTopics');
  });

  it.each([
    ['kafkaVerificationReadGroup', 'reading the archives'],
    ['kafkaRestoreShare', 'replaying into the test cluster'],
    ['kafkaVerificationRemoveTopics', 'removing the topics of the test'],
  ])('goes on when %s fails, removes the topics, and tells it', async (name, step) => {
    const { run, payloads } = verify({ [name]: throws('ArtifactDamaged') });
    expect((await run()).status).toBe('SUCCEEDED');
    expect(payloads('kafkaVerificationRemoveTopics').length).toBeGreaterThan(0);
    const [told] = payloads('kafkaVerificationConclude') as { troubles: { step: string; error: string }[] }[];
    expect(told?.troubles[0]).toMatchObject({ step, error: 'ArtifactDamaged' });
    expect(payloads('kafkaVerificationReadGroup').length).toBeGreaterThanOrEqual(3);
  });

  it('removes the topics where a share answers neither done nor not', async () => {
    const { run, payloads } = verify({ kafkaRestoreShare: () => ({ done: 'perhaps' }) });
    expect((await run()).status).toBe('SUCCEEDED');
    expect(payloads('kafkaVerificationRemoveTopics')).toHaveLength(1);
    expect(payloads('kafkaVerificationConclude')[0]).toMatchObject({ troubles: [{ error: 'UnknownAnswer' }] });
  });

  it('tells people where nothing could be chosen, and fails where the verdict cannot be told', async () => {
    const nothing = verify({ kafkaVerificationChoosePoint: throws('RecoveryPointMissing') });
    expect((await nothing.run()).status).toBe('SUCCEEDED');
    expect(nothing.payloads('kafkaVerificationConclude')[0]).not.toHaveProperty('recoveryPoint');
    const untold = verify({ kafkaVerificationConclude: throws('AccessDenied') });
    expect(await untold.run()).toMatchObject({ status: 'FAILED', error: 'AccessDenied' });
  });
});
