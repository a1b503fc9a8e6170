import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { LifeboatError } from '../../../shared/errors.ts';
import { lambda, type Work } from '../../../shared/lambda/lambda.ts';
import { contextFor } from '../../support/lambda-context.ts';
import { type Telemetry, watchTelemetry } from '../../support/telemetry.ts';

class BoatMissing extends LifeboatError {
  override readonly name = 'BoatMissing';
}

const Request = z.strictObject({ boats: z.int().default(1) });
const invoke = (
  run: (request: { boats: number }, work: Work) => Promise<unknown>,
  event: unknown,
  remainingMs = 60_000,
) => lambda(Request, run)(event as never, contextFor('rescue', remainingMs) as never);

let telemetry: Telemetry;
beforeEach(() => {
  telemetry = watchTelemetry();
});

describe('a handler', () => {
  it('hands the parsed event to the work and returns its result as it is', async () => {
    await expect(invoke(async ({ boats }) => ({ saved: boats }), {})).resolves.toEqual({ saved: 1 });
    await expect(invoke(async () => undefined, {})).resolves.toBeUndefined();
    await expect(invoke(async () => null, {})).resolves.toBeNull();
  });

  it.each([
    [{ boat: 1 }, /boat/],
    [{ boats: '1' }, /number/],
    [null, /object/],
    ['text', /object/],
  ])('refuses %j before any work, naming function and fields', async (event, message) => {
    let worked = false;
    const run = async () => {
      worked = true;
    };
    await expect(invoke(run, event)).rejects.toMatchObject({ name: 'RequestInvalid', facts: { source: 'rescue' } });
    await expect(invoke(run, event)).rejects.toThrow(message);
    await expect(invoke(run, event)).rejects.toThrow(/events\/samples/);
    expect(worked).toBe(false);
  });

  it('throws the error of the work itself, for a machine to match on its name, and logs it once', async () => {
    const error = new BoatMissing('there is no boat.', { source: 'shop', next: 'Build one.' });
    const run = async () => {
      throw error;
    };
    await expect(invoke(run, {})).rejects.toBe(error);
    const failed = telemetry.logs().filter(({ level }) => level === 'ERROR');
    expect(failed).toHaveLength(1);
    expect(failed[0]).toMatchObject({ message: 'failed', error: { name: 'BoatMissing' } });
  });

  it('never logs the event', async () => {
    await expect(invoke(async () => undefined, { boats: 1, password: 'hunter2' })).rejects.toThrow();
    await expect(invoke(async () => Promise.reject(new Error('no')), { boats: 4711 })).rejects.toThrow();
    const logged = JSON.stringify(telemetry.logs());
    expect(logged).not.toContain('hunter2');
    expect(logged).not.toContain('4711');
  });

  it('says in time that time ran out, and ends the work by its signal', async () => {
    let ended = false;
    const run = async (_: unknown, { signal }: Work) => {
      await sleep(30_000, undefined, { signal }).catch(() => {
        ended = true;
      });
    };
    const started = performance.now();
    const running = invoke(run, {}, 600);
    await expect(running).rejects.toMatchObject({ name: 'OutOfTime' });
    await expect(running).rejects.toThrow(/longer time-out or smaller pieces/);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(ended).toBe(true);
  });

  it('keeps half a second back from the time the work may plan with', async () => {
    await expect(invoke(async (_, work) => work.remainingMs(), {}, 5000)).resolves.toBe(4500);
  });

  it('leaves no timer behind when the work failed', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    await expect(invoke(async () => Promise.reject(new Error('no')), {}, 520)).rejects.toThrow('no');
    await sleep(60);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});
