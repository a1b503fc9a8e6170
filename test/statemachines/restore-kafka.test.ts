import { describe, expect, it } from 'vitest';
import type { Json } from '../../local/services/step-functions/language/definition.ts';
import { SHARES_AT_ONCE } from '../../shared/kafka/restore-shares.ts';
import { named } from '../local/services/step-functions/support.ts';
import { machineOf, regionOf } from './definitions.ts';

const machine = machineOf('restore-kafka');
const INPUT = { restoreId: 'orders-back', recoveryPoint: 'point', topics: [{ topic: 'orders' }] };

const restore = (answers: Record<string, (event: Json) => Json> = {}) => {
  const region = regionOf({
    kafkaPlanRestore: () => ({ restoreId: 'orders-back', shares: [0, 1, 2] }),
    kafkaRestoreShare: () => ({ done: true, records: 3 }),
    kafkaConcludeRestore: () => ({ restoreId: 'orders-back', records: 9, partitions: 3 }),
    ...answers,
  });
  return { asked: region.asked, run: () => region.run(machine, INPUT, 80_000) };
};

describe('restore-kafka', () => {
  it('plans, restores every share until it is done, and says what was restored', async () => {
    const calls: Record<number, number> = {};
    const { run, asked } = restore({
      kafkaRestoreShare: (event) => {
        const { share } = event as { share: number };
        calls[share] = (calls[share] ?? 0) + 1;
        return { done: share !== 1 || (calls[share] ?? 0) === 4, records: 3 };
      },
    });
    expect(await run()).toMatchObject({ status: 'SUCCEEDED', output: { records: 9 } });
    expect(calls).toEqual({ 0: 1, 1: 4, 2: 1 });
    expect(asked[0]).toEqual(['kafkaPlanRestore', INPUT]);
    expect(asked[1]).toEqual(['kafkaRestoreShare', { restoreId: 'orders-back', share: 0 }]);
    expect(asked.at(-1)).toEqual(['kafkaConcludeRestore', { restoreId: 'orders-back' }]);
  });

  it('tries again what passes, and ends by the name of what does not', async () => {
    let tries = 0;
    const passing = restore({
      kafkaRestoreShare: () => {
        if (++tries < 5) throw named('KafkaNotReady', 'a moment');
        return { done: true };
      },
    });
    expect((await passing.run()).status).toBe('SUCCEEDED');
    for (const name of ['kafkaPlanRestore', 'kafkaRestoreShare', 'kafkaConcludeRestore']) {
      const { run } = restore({
        [name]: () => {
          throw named('RestoreRefused', 'no');
        },
      });
      expect(await run(), name).toMatchObject({ status: 'FAILED', error: 'RestoreRefused' });
    }
  });

  it('restores so many shares at once as they are cut for, in this machine and in that of a verification', () => {
    const most = (name: string, state: string) => Reflect.get(machineOf(name).States[state] ?? {}, 'MaxConcurrency');
    expect(most('restore-kafka', 'Restore the partitions')).toBe(SHARES_AT_ONCE);
    expect(most('verify-kafka', 'Replay the archives')).toBe(SHARES_AT_ONCE);
  });

  it('ends where a share answers neither done nor not', async () => {
    const { run } = restore({ kafkaRestoreShare: () => ({ done: 0 }) });
    expect(await run()).toMatchObject({ status: 'FAILED', error: 'UnknownAnswer' });
  });
});
