import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import validate from 'asl-validator';
import { describe, expect, it } from 'vitest';
import { functionEntries } from '../../resources/functions.ts';
import { functionsInvoked, machineEntries } from '../../resources/machines.ts';
import { readYaml } from '../../resources/yaml.ts';

interface State {
  Type: string;
  Resource?: string;
  TimeoutSeconds?: unknown;
  Retry?: { ErrorEquals: string[]; JitterStrategy?: string }[];
  Catch?: { ErrorEquals: string[] }[];
  ItemProcessor?: { States: Record<string, State> };
  Branches?: { States: Record<string, State> }[];
}

interface Machine {
  QueryLanguage: string;
  TimeoutSeconds: number;
  States: Record<string, State>;
}

const ROOT = path.resolve(import.meta.dirname, '../..');
const machines = Object.entries(machineEntries()).map(([key, { definition, permissions }]) => ({
  key,
  permissions,
  machine: readYaml(`statemachines/${definition}`) as Machine,
  definition,
}));

/** Every state with its name, and whether it stands inside a Map or Parallel. */
const statesOf = (states: Record<string, State>, inside = false): { name: string; state: State; inside: boolean }[] =>
  Object.entries(states).flatMap(([name, state]) => [
    { name, state, inside },
    ...statesOf(state.ItemProcessor?.States ?? {}, true),
    ...(state.Branches ?? []).flatMap((branch) => statesOf(branch.States, true)),
  ]);

/** Literal names of our error classes, from the sources. */
const errorNames = (): Set<string> => {
  const files = ['functions', 'shared'].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => path.join(ROOT, folder, file)),
  );
  return new Set(
    files.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/override readonly name = '(\w+)'/g)].map(([, name]) => name as string),
    ),
  );
};

/** Errors without a dot that are not ours: of the SDK, of RDS and ElastiCache by code and by class, of Step Functions' SDK integration. */
const KNOWN =
  /^(Throttling(Exception)?|AccountLimitExceededException|SlowDown|ServiceUnavailable|InternalError|InternalFailure|TimeoutError|RequestLimitExceeded|(InvalidDBInstanceState|InvalidDBSnapshotState|InstanceQuotaExceeded|StorageQuotaExceeded|InsufficientDBInstanceCapacity|InsufficientCacheClusterCapacity|NodeQuotaForCustomerExceeded|NodeQuotaForClusterExceeded|ClusterQuotaForCustomerExceeded|InvalidReplicationGroupState)(Fault)?)$/;

/** Fails by what it invokes, after people were told: a redrive begins with the state that failed. */
const FAILS_ON_PURPOSE = new Set(['Say where it stopped']);

/** asl-validator wants text where the template has references, and changes what it is given. */
const validatable = (node: unknown): unknown => {
  if (Array.isArray(node)) return node.map(validatable);
  if (typeof node !== 'object' || node === null) return node;
  if ('Fn::GetAtt' in node || 'Ref' in node) return 'arn:aws:lambda:us-east-1:111122223333:function:name';
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, validatable(value)]));
};

it('has an entry for every definition, and a definition for every entry', () => {
  const files = readdirSync(path.join(ROOT, 'statemachines')).filter((file) => file.endsWith('.asl.yml'));
  expect(machines.map(({ definition }) => definition).sort()).toEqual(files.sort());
});

describe.each(machines)('$key', ({ machine, permissions, key, definition }) => {
  const states = statesOf(machine.States);

  it('is named after its file and valid', () => {
    expect(definition).toBe(`${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.asl.yml`);
    expect(machine.QueryLanguage).toBe('JSONata');
    expect(machine.TimeoutSeconds).toBeGreaterThan(0);
    const outcome = validate(validatable(machine) as object);
    expect(outcome.isValid, outcome.errorsText()).toBe(true);
  });

  it('invokes only functions there are', () => {
    const known = Object.keys(functionEntries());
    for (const name of functionsInvoked(machine)) expect(known).toContain(name);
  });

  it('bounds every task, retries it with jitter and catches what is left', () => {
    for (const { name, state, inside } of states.filter((each) => each.state.Type === 'Task')) {
      expect(state.TimeoutSeconds, name).toBeDefined();
      expect(state.Retry?.length, name).toBeGreaterThan(0);
      for (const { JitterStrategy } of state.Retry ?? []) expect(JitterStrategy, name).toBe('FULL');
      if (FAILS_ON_PURPOSE.has(name)) expect(state.Catch, name).toBeUndefined();
      else if (!inside) expect(state.Catch?.at(-1)?.ErrorEquals, name).toEqual(['States.ALL']);
    }
    for (const { name, state } of states.filter(
      (each) => ['Map', 'Parallel'].includes(each.state.Type) && !each.inside,
    )) {
      expect(state.Catch?.at(-1)?.ErrorEquals, name).toEqual(['States.ALL']);
    }
  });

  it('waits out throttling under both its names: one is that of most services, the other that of RDS', () => {
    for (const { name, state } of states) {
      for (const { ErrorEquals } of state.Retry ?? []) {
        if (ErrorEquals.includes('ThrottlingException')) expect(ErrorEquals, name).toContain('Throttling');
      }
    }
  });

  it('matches only on errors that somebody throws', () => {
    const ours = errorNames();
    for (const { name, state } of states) {
      for (const error of [...(state.Retry ?? []), ...(state.Catch ?? [])].flatMap(({ ErrorEquals }) => ErrorEquals)) {
        if (!error.includes('.') && !KNOWN.test(error)) expect([...ours], name).toContain(error);
      }
    }
  });

  it('has permission for every aws-sdk task', () => {
    const allowed = permissions.flatMap(({ Action }) => Action);
    for (const { name, state } of states) {
      const [, service, action] = /aws-sdk:(\w+):(\w+)$/.exec(state.Resource ?? '') ?? [];
      if (service && action)
        expect(allowed, name).toContain(
          `${service}:${action.charAt(0).toUpperCase()}${action.slice(1).replace('Db', 'DB')}`,
        );
      if (state.Resource?.endsWith('sns:publish')) expect(allowed, name).toContain('sns:Publish');
    }
  });
});
