import { describe, expect, it } from 'vitest';
import type { Json } from '../../local/services/step-functions/language/definition.ts';
import { named } from '../local/services/step-functions/support.ts';
import { machineOf, regionOf } from './definitions.ts';

const machine = machineOf('archive-kafka');
const INPUT = { source: 'shop-events', scheduledAt: '2026-11-20T03:00:00Z', purpose: 'scheduled' };

const archive = (answers: Record<string, (event: Json) => Json> = {}, shares = [0, 1]) => {
  const region = regionOf({
    kafkaOpenArchive: () => ({ recoveryPoint: 'point', shares }),
    kafkaArchiveShare: () => ({ done: true, segments: 1 }),
    kafkaCommitArchive: () => ({ records: 7, gaps: 0 }),
    ...answers,
  });
  return { asked: region.asked, run: () => region.run(machine, INPUT, 14_000) };
};

describe('archive-kafka', () => {
  it('opens, archives every share until it is done, and commits', async () => {
    const calls: Record<number, number> = {};
    const { run, asked } = archive({
      kafkaArchiveShare: (event) => {
        const { share } = event as { share: number };
        calls[share] = (calls[share] ?? 0) + 1;
        return { done: share === 0 || (calls[share] ?? 0) === 3, segments: 1 };
      },
    });
    expect(await run()).toMatchObject({ status: 'SUCCEEDED', output: { recoveryPoint: 'point', records: 7, gaps: 0 } });
    expect(calls).toEqual({ 0: 1, 1: 3 });
    expect(asked[0]).toEqual(['kafkaOpenArchive', { ...INPUT, execution: expect.stringContaining(':execution:') }]);
    expect(asked.at(-1)).toEqual(['kafkaCommitArchive', { recoveryPoint: 'point' }]);
  });

  it('leaves what came to an archive that is under way', async () => {
    const { run, asked } = archive({ kafkaOpenArchive: () => ({ underWay: 'earlier' }) });
    expect(await run()).toMatchObject({ status: 'SUCCEEDED', output: { underWay: 'earlier' } });
    expect(asked).toHaveLength(1);
  });

  it('commits where there is nothing to archive: that nothing came is known, too', async () => {
    const { run, asked } = archive({}, []);
    expect((await run()).status).toBe('SUCCEEDED');
    expect(asked.map(([key]) => key)).toEqual(['kafkaOpenArchive', 'kafkaCommitArchive']);
  });

  it.each(['BrokersUnreachable', 'KafkaNotReady', 'DocumentContended', 'Runtime.ExitError', 'Throttling'])(
    'tries again what fails by %s',
    async (error) => {
      let tries = 0;
      const { run } = archive({
        kafkaArchiveShare: () => {
          if (++tries < 4) throw named(error, 'for a while');
          return { done: true };
        },
      });
      expect((await run()).status).toBe('SUCCEEDED');
    },
  );

  it.each(['kafkaOpenArchive', 'kafkaArchiveShare', 'kafkaCommitArchive'])(
    'ends by the name of what stops %s',
    async (name) => {
      const { run } = archive({
        [name]: () => {
          throw named('KafkaAccessDenied', 'no');
        },
      });
      expect(await run()).toMatchObject({ status: 'FAILED', error: 'KafkaAccessDenied' });
    },
  );

  it('ends where a share answers neither done nor not', async () => {
    const { run } = archive({ kafkaArchiveShare: () => ({ done: 'perhaps' }) });
    expect(await run()).toMatchObject({ status: 'FAILED', error: 'UnknownAnswer' });
  });
});
