import { describe, expect, it } from 'vitest';
import { ConnectionCut, createFaults } from '../../local/faults.ts';
import type { Caller, FaultMatch } from '../../local/types.ts';

const caller = (actor = 'rdsSnapshot', kill?: () => void): Caller => ({
  arn: 'arn:aws:sts::111122223333:assumed-role/r/s',
  account: '111122223333',
  actor,
  ...(kill && { kill }),
});

const callOf = (overrides: { region?: string; service?: string; operation?: string; caller?: Caller } = {}) => ({
  region: 'us-east-1',
  service: 'rds',
  operation: 'CreateDBSnapshot',
  caller: caller(),
  ...overrides,
});

const effects = () => {
  const done: string[] = [];
  return {
    done,
    run: async (): Promise<string> => {
      done.push('done');
      return 'answer';
    },
  };
};

describe('a fault', () => {
  it('refuses before the operation took effect, with its code and status', async () => {
    const faults = createFaults();
    const { done, run } = effects();
    faults.add({}, { kind: 'error', code: 'ThrottlingException', status: 400, when: 'before' });
    await expect(faults.around(callOf(), run)).rejects.toMatchObject({ code: 'ThrottlingException', status: 400 });
    expect(done).toEqual([]);
  });

  it('refuses after the operation took effect', async () => {
    const faults = createFaults();
    const { done, run } = effects();
    faults.add({}, { kind: 'error', code: 'InternalFailure', status: 500, when: 'after' });
    await expect(faults.around(callOf(), run)).rejects.toMatchObject({ code: 'InternalFailure', status: 500 });
    expect(done).toEqual(['done']);
  });

  it.each([
    ['before', []],
    ['after', ['done']],
  ] as const)('cuts the connection %s the effect', async (when, expected) => {
    const faults = createFaults();
    const { done, run } = effects();
    faults.add({}, { kind: 'drop', when });
    await expect(faults.around(callOf(), run)).rejects.toBeInstanceOf(ConnectionCut);
    expect(done).toEqual(expected);
  });

  it.each([
    ['before', ['killed']],
    ['after', ['done', 'killed']],
  ] as const)('ends the calling process %s the effect', async (when, expected) => {
    const faults = createFaults();
    const { done, run } = effects();
    faults.add({}, { kind: 'kill', when });
    const call = callOf({ caller: caller('rdsSnapshot', () => void done.push('killed')) });
    await expect(faults.around(call, run)).rejects.toBeInstanceOf(ConnectionCut);
    expect(done).toEqual(expected);
  });

  it('delays the operation, which then answers', async () => {
    const faults = createFaults();
    const { done, run } = effects();
    faults.add({}, { kind: 'delay', ms: 40 });
    const started = Date.now();
    const answer = faults.around(callOf(), run);
    expect(done).toEqual([]);
    expect(await answer).toBe('answer');
    expect(Date.now() - started).toBeGreaterThanOrEqual(35);
  });
});

describe('a fault befalls', () => {
  const drop = { kind: 'drop', when: 'before' } as const;
  const befalls = async (match: FaultMatch, call: ReturnType<typeof callOf>): Promise<boolean> => {
    const faults = createFaults();
    faults.add(match, drop);
    return faults.around(call, async () => false).catch(() => true);
  };

  it.each<[string, FaultMatch, boolean]>([
    ['every call where nothing is named', {}, true],
    ['calls in its region', { region: 'us-east-1' }, true],
    ['no calls in another region', { region: 'us-west-2' }, false],
    ['calls to its service', { service: 'rds' }, true],
    ['no calls to another service', { service: 's3' }, false],
    ['calls of its operation', { operation: 'CreateDBSnapshot' }, true],
    ['no other operation', { operation: 'DeleteDBSnapshot' }, false],
    ['calls of its actor', { actor: 'rdsSnapshot' }, true],
    ['no other actor', { actor: 'rds' }, false],
    ['actors that match its pattern', { actor: /^rds/ }, true],
    ['no calls where only a part of it matches', { service: 'rds', actor: 'other' }, false],
  ])('%s', async (_, match, expected) => {
    expect(await befalls(match, callOf())).toBe(expected);
  });

  it('no caller without a name, where an actor is named', async () => {
    const nameless = { arn: 'a', account: '111122223333' };
    expect(await befalls({ actor: 'rdsSnapshot' }, callOf({ caller: nameless }))).toBe(false);
  });

  it('the calls after those it skips, as often as it is told, and then no more', async () => {
    const faults = createFaults();
    faults.add({ service: 'rds' }, drop, { skip: 2, times: 2 });
    const outcomes: string[] = [];
    for (let turn = 0; turn < 6; turn++) {
      // Calls that do not match do not count.
      await faults.around(callOf({ service: 's3' }), async () => 'ok');
      outcomes.push(await faults.around(callOf(), async () => 'ok').catch(() => 'cut'));
    }
    expect(outcomes).toEqual(['ok', 'ok', 'cut', 'cut', 'ok', 'ok']);
  });

  it('one after the other where several match the same call', async () => {
    const faults = createFaults();
    faults.add({}, { kind: 'error', code: 'First', status: 400, when: 'before' }, { times: 1 });
    faults.add({}, { kind: 'error', code: 'Second', status: 400, when: 'before' }, { times: 1 });
    const outcomes: string[] = [];
    for (let turn = 0; turn < 3; turn++)
      outcomes.push(await faults.around(callOf(), async () => 'ok').catch((error: { code: string }) => error.code));
    expect(outcomes).toEqual(['First', 'Second', 'ok']);
  });

  it('nobody once it is removed, or all are cleared', async () => {
    const faults = createFaults();
    const remove = faults.add({ operation: 'CreateDBSnapshot' }, drop);
    faults.add({ operation: 'DeleteDBSnapshot' }, drop);
    remove();
    expect(await faults.around(callOf(), async () => 'ok')).toBe('ok');
    await expect(faults.around(callOf({ operation: 'DeleteDBSnapshot' }), async () => 'ok')).rejects.toThrow();
    faults.clear();
    expect(await faults.around(callOf({ operation: 'DeleteDBSnapshot' }), async () => 'ok')).toBe('ok');
  });
});
