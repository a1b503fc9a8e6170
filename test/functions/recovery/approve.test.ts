import { InvalidToken, SendTaskSuccessCommand, SFNClient, TaskTimedOut } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { handler as approve } from '../../../functions/recovery/approve.ts';
import { handler as awaitApproval } from '../../../functions/recovery/await-approval.ts';
import type { PhaseAnswer } from '../../../functions/recovery/phases.ts';
import { Approval } from '../../../shared/recovery/documents.ts';
import { invoke } from '../../support/platform.ts';
import configuration from '../../support/recovery.config.ts';
import { ID, type RecoveryRegion, recoveryRegion } from '../../support/recovery.ts';

vi.mock('#platform', () => import('../../support/recovery.config.ts'));

const TOKEN = 'a-token-that-nobody-may-see';
const fact = { message: 'as Step Functions says', $metadata: {} };
let region: RecoveryRegion;
/** Tokens of the machine that were answered. */
let woken: string[];
let waking: () => void;

beforeEach(async () => {
  region = recoveryRegion();
  woken = [];
  waking = () => undefined;
  mockClient(SFNClient)
    .on(SendTaskSuccessCommand)
    .callsFake(({ taskToken }) => {
      waking();
      woken.push(taskToken);
      return {};
    });
  await region.declared();
  await region.finished('declare', {
    ...{ verdict: 'down', confidence: 0.9, reasons: ['nobody answers'], reason: 'it is dark', by: 'Ada' },
    ...{ since: '2026-11-20T02:58:00.000Z', dataLossSeconds: { 'shop-db': 7.4 }, overridden: false, assessedAt: null },
  });
});
afterEach(() => vi.useRealTimers());

const ask = (token = TOKEN) => invoke(awaitApproval, { failoverId: ID, token }) as Promise<PhaseAnswer>;
const read = (waited = false) => invoke(awaitApproval, { failoverId: ID, waited }) as Promise<PhaseAnswer>;
const decide = (decision: string, by = 'Grace') => invoke(approve, { failoverId: ID, decision, by });
const document = (): Approval => Approval.parse(JSON.parse(region.vault.text(`recovery/${ID}/approval.json`)));

describe('asking for approval', () => {
  it('tells people what is known, what is lost in seconds, until when, and the commands that decide', async () => {
    expect(await ask()).toMatchObject({ done: false });
    expect(region.messages).toHaveLength(1);
    const { topic, text } = region.messages[0] ?? {};
    expect(topic).toBe('disaster');
    for (const part of [
      'waits for approval until 2026-11-20T03:15:00.000Z',
      'About 7 s of shop-db are lost.',
      'nobody answers',
      'declared by Ada: it is dark',
      'aws lambda invoke --region us-west-2 --function-name lifeboat-shop-test-recoveryApprove',
      '"decision":"granted"',
      '"decision":"refused"',
    ])
      expect(text).toContain(part);
  });

  it('says loudly where more is lost than the objective allows, where it is not known, and where nobody confirmed', async () => {
    await region.finished('declare', {
      ...{ verdict: 'healthy', confidence: 1, reasons: [], reason: 'r', by: null, since: null, assessedAt: null },
      ...{ dataLossSeconds: { 'shop-db': 901, 'shop-cache': null }, overridden: true },
    });
    await ask();
    const { text } = region.messages[0] ?? {};
    expect(text).toMatch(/shop-db: more than the objective of 900 s/);
    expect(text).toMatch(/What is lost of shop-cache cannot be told/);
    expect(text).toMatch(/NOT confirmed/);
  });

  it('keeps the token where only the vault is read: in no message, no log, no answer, no record', async () => {
    const answers = [await ask(), await read(), await decide('granted'), await read(true)];
    expect(document().token).toBe(TOKEN);
    const shown = JSON.stringify([answers, region.messages, region.telemetry.logs(), region.record('approve')]);
    expect(shown).not.toContain(TOKEN);
  });

  it('tells people once, however often it is asked', async () => {
    await ask();
    await ask();
    await ask('the token of another execution');
    expect(region.messages).toHaveLength(1);
    expect(document().token).toBe('the token of another execution');
  });

  it('tells people again where the call died before it noted that it had', async () => {
    region.publishing = () => {
      throw Object.assign(new Error('SNS'), { name: 'InternalError' });
    };
    await expect(ask()).rejects.toThrow('SNS');
    region.publishing = () => undefined;
    await ask();
    expect(region.messages).toHaveLength(1);
  });

  it('asks nobody where it was authorised beforehand', async () => {
    const { approval } = configuration.recovery;
    approval.mode = 'pre-authorised';
    expect(await read()).toMatchObject({ done: true, facts: { decision: 'pre-authorised' } });
    approval.mode = 'required';
    expect(region.messages).toEqual([]);
  });
});

describe('a decision', () => {
  beforeEach(() => ask());

  it('that is granted wakes the machine, and is read from the vault', async () => {
    expect(await read()).toMatchObject({ done: false });
    expect(await decide('granted')).toMatchObject({ decision: 'granted', by: 'Grace' });
    expect(woken).toEqual([TOKEN]);
    expect(await read(true)).toMatchObject({ done: true, facts: { decision: 'granted', by: 'Grace' } });
  });

  it('that is refused ends the failover, and is no longer to be had', async () => {
    await decide('refused');
    expect(woken).toEqual([TOKEN]);
    await expect(read(true)).rejects.toThrow(/refused by Grace/);
    expect(region.epoch().status).toBe('abandoned');
    await expect(read(true)).rejects.toMatchObject({ name: 'ApprovalRefused' });
    await expect(decide('granted')).rejects.toMatchObject({ name: 'EpochLost' });
  });

  it('given twice is the same, of whoever came first', async () => {
    const first = await decide('granted');
    region.setTime('2026-11-20T03:20:00Z');
    expect(await decide('granted', 'Linus')).toEqual(first);
  });

  it('of two people at once is the one that was written, and the other is told', async () => {
    const outcomes = await Promise.allSettled([decide('granted'), decide('refused', 'Linus')]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find((outcome) => outcome.status === 'rejected')?.reason).toMatchObject({
      name: 'ApprovalDecided',
    });
  });

  it('that comes after the deadline is too late', async () => {
    region.setTime('2026-11-20T03:15:00Z');
    await expect(decide('granted')).rejects.toMatchObject({ name: 'ApprovalTooLate' });
    expect(document().decision).toBeUndefined();
  });

  it.each([
    ['does not wait for it any more', () => new TaskTimedOut(fact)],
    ['never knew of it', () => new InvalidToken(fact)],
  ])('stands where the machine %s: it reads it when it asks', async (_, error) => {
    waking = () => {
      throw error();
    };
    await decide('granted');
    expect(await read()).toMatchObject({ done: true });
  });

  it('stands where the machine could not be woken, and wakes it when it is given again', async () => {
    waking = () => {
      throw Object.assign(new Error('no'), { name: 'InternalFailure' });
    };
    await expect(decide('granted')).rejects.toThrow('no');
    waking = () => undefined;
    await decide('granted');
    expect(woken).toEqual([TOKEN]);
  });

  it('that stands already wakes whoever begins to wait', async () => {
    await decide('granted');
    await ask('the token of another execution');
    expect(woken).toEqual([TOKEN, 'the token of another execution']);
  });

  it('of nobody ends the failover after the deadline, and people are asked again when it is started again', async () => {
    region.setTime('2026-11-20T03:15:01Z');
    expect(await read()).toMatchObject({ done: false });
    await expect(read(true)).rejects.toMatchObject({ name: 'ApprovalMissing' });
    expect(region.epoch().status).toBe('abandoned');
    await region.declared({ execution: 'execution-2' });
    await ask('the second token');
    expect(region.messages).toHaveLength(2);
    expect(document()).toMatchObject({ token: 'the second token', deadline: '2026-11-20T03:30:01.000Z' });
    await decide('granted');
    expect(await read(true)).toMatchObject({ done: true });
  });

  it('is not taken for a failover that does not hold the platform', async () => {
    await region.declared({ failoverId: 'another' });
    await expect(decide('granted')).rejects.toMatchObject({ name: 'EpochLost' });
  });
});
