import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/notification/on-execution.json' with { type: 'json' };
import { handler as onExecution } from '../../../functions/notification/on-execution.ts';
import { invoke, type ShopPlatform, shopPlatform } from '../../support/platform.ts';

let shop: ShopPlatform;
beforeEach(() => {
  shop = shopPlatform('2026-11-22T08:00:13.000Z');
});
afterEach(() => void vi.useRealTimers());

const event = (change: object) => ({ ...sample, detail: { ...sample.detail, ...change } });
const follow = (change: object = {}) => invoke(onExecution, event(change));

describe('an execution', () => {
  it('that ended badly is told, with its error, and the command that goes on from there', async () => {
    const cause = 'It took longer than 14400 s';
    await expect(follow({ error: 'States.Timeout', cause })).resolves.toEqual({ told: true });
    const { executionArn } = sample.detail;
    expect(shop.messages).toMatchObject([
      { topic: 'critical', subject: '[critical] verify-database of shop-db ended TIMED_OUT: States.Timeout' },
    ]);
    expect(shop.messages[0]?.text).toContain(`Source:   shop-db\nSince:    2026-11-22T04:00:12.000Z`);
    expect(shop.messages[0]?.text).toContain(
      `  - execution: ${executionArn}\n  - status: TIMED_OUT, at 2026-11-22T08:00:12.000Z\n  - error: States.Timeout\n  - cause: ${cause}`,
    );
    expect(shop.messages[0]?.text).toContain(
      `aws stepfunctions redrive-execution --region us-east-1 --execution-arn ${executionArn}`,
    );
  });

  it.each(['FAILED', 'ABORTED'])('that ended %s is told, even where nothing is known of why', async (status) => {
    await follow({ status, stopDate: null });
    expect(shop.messages[0]?.subject).toBe(`[critical] verify-database of shop-db ended ${status}`);
  });

  it.each([
    ['left out', null],
    ['no JSON', 'x'],
    ['no object', '[]'],
    ['without a source', '{}'],
  ])('whose input is %s is told under the name of its machine', async (_, input) => {
    await follow({ input });
    expect(shop.messages[0]?.notice).toMatchObject({ source: 'verify-database' });
  });

  it('that failed again is counted, and the next that succeeds ends the trouble', async () => {
    for (const name of ['1', '2', '3']) await follow({ name });
    await expect(follow({ status: 'SUCCEEDED', input: sample.detail.input })).resolves.toEqual({ told: false });
    expect(shop.messages.map(({ notice: { state, repeats } }) => [state, repeats])).toEqual([
      ['begun', undefined],
      ['recovered', 2],
    ]);
  });

  it('that succeeds where nothing was wrong is not told', async () => {
    await follow({ status: 'SUCCEEDED' });
    expect(shop.messages).toEqual([]);
  });

  it('that still runs is none of ours', async () => {
    await expect(follow({ status: 'RUNNING' })).rejects.toMatchObject({ name: 'RequestInvalid' });
  });
});
