// The processes of a region's functions: warm ones are used again, new ones started, few kept idle, all ended on close.
import type { Region } from '../../types.ts';
import { authoritiesFile } from './authorities.ts';
import { environmentOf } from './environment.ts';
import type { FunctionRecord } from './functions.ts';
import { type FunctionProcess, type Outcome, startProcess } from './processes.ts';
import type { Invocation } from './protocol.ts';

/** Real processes at work at once in a region; further invocations wait, as they would for a cold start. */
const MAX_RUNNING = 16;
const MAX_IDLE_PER_FUNCTION = 3;
const MAX_IDLE = 16;

export interface Pool {
  run(record: FunctionRecord, invocation: Invocation): Promise<Outcome>;
  /** Invocations of a function under way, those that wait for a process included. */
  running(name: string): number;
  /** Ends the idle processes of a function; busy ones are ended when their invocation is over. For changed code or settings. */
  retire(name: string): Promise<void>;
  close(): Promise<void>;
}

interface Member {
  name: string;
  process: FunctionProcess;
  generation: number;
  authorities: string | undefined;
}

export const createPool = (region: Region, onLine: (name: string, line: string) => void): Pool => {
  const all = new Set<Member>();
  /** Longest idle first. */
  let idle: Member[] = [];
  const generations = new Map<string, number>();
  const running = new Map<string, number>();
  let atWork = 0;
  const waiting: (() => void)[] = [];
  let started = 0;
  let closed = false;

  const start = (record: FunctionRecord, authorities: string | undefined): Member => {
    const { iam } = region.world;
    const credentials = iam.issue(record.role, { actor: record.name, kill: () => void process.kill() });
    started += 1;
    const day = region.clock.now().toISOString().slice(0, 10).replaceAll('-', '/');
    record.unpack();
    const process = startProcess({
      root: record.root,
      environment: environmentOf(region, record, credentials, { logStream: `${day}/[$LATEST]${started}`, authorities }),
      onLine: (line) => onLine(record.name, line),
      onExit: () => {
        iam.revoke(credentials.accessKeyId);
        all.delete(member);
        idle = idle.filter((other) => other !== member);
      },
    });
    const generation = generations.get(record.name) ?? 0;
    const member: Member = { name: record.name, process, generation, authorities };
    all.add(member);
    return member;
  };

  const take = (record: FunctionRecord): Member => {
    const authorities = authoritiesFile(region);
    const fits = (member: Member): boolean => member.name === record.name && member.authorities === authorities;
    const warm = idle.findLast((member) => fits(member) && member.process.alive());
    if (!warm) return start(record, authorities);
    idle = idle.filter((member) => member !== warm);
    return warm;
  };

  const giveBack = async (member: Member): Promise<void> => {
    const outdated = member.generation !== (generations.get(member.name) ?? 0);
    if (!member.process.alive()) return;
    if (closed || outdated) return member.process.kill();
    idle.push(member);
    const siblings = idle.filter(({ name }) => name === member.name);
    const surplus =
      siblings.length > MAX_IDLE_PER_FUNCTION ? siblings[0] : idle.length > MAX_IDLE ? idle[0] : undefined;
    if (!surplus) return;
    idle = idle.filter((other) => other !== surplus);
    await surplus.process.kill();
  };

  const enter = async (): Promise<void> => {
    if (atWork >= MAX_RUNNING) await new Promise<void>((resolve) => waiting.push(resolve));
    else atWork += 1;
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next) next();
    else atWork -= 1;
  };

  const run = async (record: FunctionRecord, invocation: Invocation): Promise<Outcome> => {
    running.set(record.name, (running.get(record.name) ?? 0) + 1);
    await enter();
    try {
      if (closed) throw new Error(`the region ${region.name} is closed: ${record.name} cannot run any more.`);
      const member = take(record);
      const outcome = await member.process.invoke(invocation, record.timeout * 1000);
      await giveBack(member);
      return outcome;
    } finally {
      leave();
      running.set(record.name, (running.get(record.name) ?? 1) - 1);
    }
  };

  const retire = async (name: string): Promise<void> => {
    generations.set(name, (generations.get(name) ?? 0) + 1);
    const leaving = idle.filter((member) => member.name === name);
    idle = idle.filter((member) => member.name !== name);
    await Promise.all(leaving.map(({ process }) => process.kill()));
  };

  return {
    run,
    running: (name) => running.get(name) ?? 0,
    retire,
    close: async () => {
      closed = true;
      await Promise.all([...all].map(({ process }) => process.kill()));
    },
  };
};
