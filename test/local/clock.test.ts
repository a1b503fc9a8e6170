import { getEventListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createClock, type LocalClock } from '../../local/clock.ts';

const START = new Date('2026-01-01T00:00:00Z');
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const clocks: LocalClock[] = [];
const clockAt = (start = START): LocalClock => {
  const clock = createClock({ start });
  clocks.push(clock);
  return clock;
};
const later = (ms: number, start = START): Date => new Date(start.getTime() + ms);
/** Region time flows while a test runs; a second is more than any of these takes. */
const about = (time: Date) => ({ from: time.getTime(), to: time.getTime() + 1000 });
const expectAbout = (found: Date | undefined, time: Date): void => {
  expect(found?.getTime()).toBeGreaterThanOrEqual(about(time).from);
  expect(found?.getTime()).toBeLessThan(about(time).to);
};

afterEach(() => {
  for (const clock of clocks.splice(0)) clock.close();
});

describe('region time', () => {
  it('starts where it is told to, and flows with real time', async () => {
    const clock = clockAt();
    expectAbout(clock.now(), START);
    const before = clock.now().getTime();
    await pause(30);
    expect(clock.now().getTime() - before).toBeGreaterThanOrEqual(25);
  });

  it('is the machine time where it is told nothing', () => {
    const clock = createClock();
    clocks.push(clock);
    expect(clock.offset()).toBe(0);
  });

  it('never goes back', async () => {
    const clock = clockAt();
    await clock.advanceTo(later(DAY));
    await clock.advanceTo(later(MINUTE));
    expectAbout(clock.now(), later(DAY));
  });
});

describe('timers', () => {
  it('fire in the order of their time, each at its time, and those of one time in the order they were set', async () => {
    const clock = clockAt();
    const fired: { name: string; at: Date }[] = [];
    const timer = (name: string, ms: number) => clock.at(later(ms), () => void fired.push({ name, at: clock.now() }));
    timer('third', 3 * DAY);
    timer('first', DAY);
    timer('second', 2 * DAY);
    timer('second too', 2 * DAY);
    timer('beyond', 5 * DAY);
    await clock.advanceTo(later(4 * DAY));
    expect(fired.map(({ name }) => name)).toEqual(['first', 'second', 'second too', 'third']);
    for (const [index, days] of [1, 2, 2, 3].entries()) expectAbout(fired[index]?.at, later(days * DAY));
    expectAbout(clock.now(), later(4 * DAY));
  });

  it('may set timers, which fire in the same advance if their time is in it', async () => {
    const clock = clockAt();
    const fired: number[] = [];
    const every = (hour: number): void => {
      clock.at(later(hour * 60 * MINUTE), () => {
        fired.push(hour);
        every(hour + 1);
      });
    };
    every(1);
    await clock.advanceTo(later(5.5 * 60 * MINUTE));
    expect(fired).toEqual([1, 2, 3, 4, 5]);
  });

  it('do not fire once cancelled, also by an earlier timer', async () => {
    const clock = clockAt();
    const fired: string[] = [];
    const cancel = clock.at(later(2 * MINUTE), () => void fired.push('cancelled'));
    clock.at(later(MINUTE), cancel);
    clock.at(later(3 * MINUTE), () => void fired.push('kept'));
    await clock.advanceTo(later(DAY));
    expect(fired).toEqual(['kept']);
  });

  it('fire in real time when nobody advances', async () => {
    const clock = clockAt();
    const fired: string[] = [];
    clock.at(new Date(clock.now().getTime() + 20), () => void fired.push('soon'));
    clock.at(new Date(clock.now().getTime() - 1000), () => void fired.push('overdue'));
    await pause(60);
    expect(fired).toEqual(['overdue', 'soon']);
  });

  it('wait also where the machine has no timer that long', async () => {
    const clock = clockAt();
    const fired: string[] = [];
    clock.at(later(40 * DAY), () => void fired.push('late'));
    await pause(20);
    expect(fired).toEqual([]);
    await clock.advanceTo(later(41 * DAY));
    expect(fired).toEqual(['late']);
  });

  it('do not fire any more after the clock is closed', async () => {
    const clock = clockAt();
    const fired: string[] = [];
    clock.at(new Date(clock.now().getTime() + 10), () => void fired.push('closed'));
    clock.close();
    clock.at(new Date(clock.now().getTime() + 10), () => void fired.push('set afterwards'));
    await pause(30);
    await clock.advanceTo(later(DAY));
    expect(fired).toEqual([]);
  });

  it('that fail do not stop the others, and are told as a warning', async () => {
    const clock = clockAt();
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const fired: string[] = [];
    clock.at(later(MINUTE), () => {
      throw new Error('this one fails');
    });
    clock.at(later(2 * MINUTE), () => void fired.push('next'));
    await clock.advanceTo(later(DAY));
    expect(fired).toEqual(['next']);
    expect(warned).toHaveBeenCalledWith(expect.objectContaining({ message: 'this one fails' }));
  });
});

describe('work under way', () => {
  it('keeps the clock from jumping until it is done', async () => {
    const clock = clockAt();
    const release = clock.hold('a snapshot');
    const advanced = clock.advanceTo(later(DAY));
    await pause(20);
    expectAbout(clock.now(), START);
    expect(clock.holding()).toEqual(['a snapshot']);
    release();
    await advanced;
    expectAbout(clock.now(), later(DAY));
  });

  it('that a timer starts is done before the next timer fires', async () => {
    const clock = clockAt();
    const log: string[] = [];
    clock.at(later(MINUTE), () => {
      const release = clock.hold('copying');
      log.push('copy starts');
      setTimeout(() => {
        log.push('copy ends');
        release();
      }, 20);
    });
    clock.at(later(DAY), () => void log.push('next day'));
    await clock.advanceTo(later(2 * DAY));
    expect(log).toEqual(['copy starts', 'copy ends', 'next day']);
  });

  it('includes the task of a timer that takes its time', async () => {
    const clock = clockAt();
    const log: string[] = [];
    clock.at(later(MINUTE), async () => {
      await pause(20);
      log.push('task');
    });
    clock.at(later(DAY), () => void log.push('next day'));
    await clock.advanceTo(later(2 * DAY));
    expect(log).toEqual(['task', 'next day']);
  });

  it('is settled only when all of it has ended, also what began meanwhile', async () => {
    const clock = clockAt();
    const log: string[] = [];
    const first = clock.hold('first');
    setTimeout(() => {
      const second = clock.hold('second');
      first();
      first(); // twice counts once
      setTimeout(() => {
        log.push('second ended');
        second();
      }, 15);
    }, 5);
    await clock.settled();
    expect(log).toEqual(['second ended']);
    expect(clock.holding()).toEqual([]);
  });
});

describe('sleep', () => {
  it('ends when region time has passed, however it passed', async () => {
    const clock = clockAt();
    const woken = clock.sleep(DAY).then(() => clock.now());
    await clock.advanceTo(later(2 * DAY));
    expect((await woken).getTime()).toBeGreaterThanOrEqual(later(DAY).getTime());
    await clock.sleep(5);
  });

  it('ends with the reason of its signal, and listens to it no longer than it lasts', async () => {
    const clock = clockAt();
    const controller = new AbortController();
    const sleeping = clock.sleep(DAY, controller.signal);
    controller.abort(new Error('stopped'));
    await expect(sleeping).rejects.toThrow('stopped');
    await expect(clock.sleep(DAY, controller.signal)).rejects.toThrow('stopped');
    const lasting = new AbortController().signal;
    const slept = clock.sleep(5, lasting);
    expect(getEventListeners(lasting, 'abort')).toHaveLength(1);
    await slept;
    expect(getEventListeners(lasting, 'abort')).toHaveLength(0);
  });
});

describe('the clock of an engine', () => {
  it('is found for every region time, and back, over several jumps', async () => {
    const clock = clockAt();
    const seen: { region: Date; engine: number }[] = [];
    for (const day of [0, 1, 2, 3]) {
      await clock.advanceTo(later(day * DAY));
      await pause(5);
      seen.push({ region: clock.now(), engine: Date.now() });
      await pause(5);
    }
    for (const { region, engine } of seen) {
      expect(Math.abs(clock.toEngineTime(region).getTime() - engine)).toBeLessThanOrEqual(2);
      expect(Math.abs(clock.toRegionTime(new Date(engine)).getTime() - region.getTime())).toBeLessThanOrEqual(2);
    }
  });

  it('shows the moment of the jump for a time that was jumped over', async () => {
    const clock = clockAt();
    await pause(5);
    const before = Date.now();
    await clock.advanceTo(later(DAY));
    const jumpedOver = clock.toEngineTime(later(DAY / 2));
    expect(jumpedOver.getTime()).toBeGreaterThanOrEqual(before);
    expect(jumpedOver.getTime()).toBeLessThanOrEqual(Date.now());
    expect(clock.toEngineTime(later(DAY / 3))).toEqual(jumpedOver);
  });

  it('agrees with region time where there never was a jump', () => {
    const clock = clockAt();
    const time = later(-DAY);
    expect(clock.toRegionTime(clock.toEngineTime(time))).toEqual(time);
  });
});
