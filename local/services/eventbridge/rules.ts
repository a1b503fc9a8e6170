import { ResourceNotFoundException, type RuleState, type Target } from '@aws-sdk/client-eventbridge';
import { ApiError } from '../../service.ts';
import type { Region } from '../../types.ts';
import { compilePattern, type Pattern } from './patterns.ts';

export interface Rule {
  name: string;
  arn: string;
  description: string | undefined;
  patternText: string;
  pattern: Pattern;
  state: RuleState;
  targets: Map<string, Target>;
}

/** EventBridge quotas, 2026-11. */
const MAX_TARGETS = 5;
/** Every target is sent the event as it is. */
const OFFERED = new Set(['Id', 'Arn', 'RoleArn', 'RetryPolicy']);

export interface Rules {
  put(rule: { name: string; description?: string | undefined; pattern: string; state?: RuleState | undefined }): Rule;
  /** @throws ResourceNotFoundException */
  get(name: string | undefined): Rule;
  remove(name: string | undefined): void;
  all(): Rule[];
  putTarget(name: string | undefined, target: Target): void;
}

export const createRules = (region: Region): Rules => {
  const rules = new Map<string, Rule>();
  const get = (name: string | undefined): Rule => {
    const rule = rules.get(name ?? '');
    if (rule) return rule;
    throw new ResourceNotFoundException({ message: `Rule ${name} does not exist on EventBus default.`, $metadata: {} });
  };
  return {
    get,
    put: ({ name, description, pattern, state = 'ENABLED' }) => {
      if (!/^[.\-_A-Za-z0-9]{1,64}$/.test(name))
        throw invalid(`The rule name '${name}' needs 1 to 64 letters, digits, '.', '-' and '_'.`);
      const rule: Rule = {
        ...{ name, description, state, patternText: pattern, pattern: compilePattern(pattern) },
        arn: `arn:aws:events:${region.name}:${region.account}:rule/${name}`,
        targets: rules.get(name)?.targets ?? new Map(),
      };
      rules.set(name, rule);
      return rule;
    },
    remove: (name) => {
      const rule = rules.get(name ?? '');
      if (rule && rule.targets.size > 0) throw invalid(`Rule ${name} can't be deleted since it has targets.`);
      rules.delete(name ?? '');
    },
    all: () => [...rules.values()],
    putTarget: (name, target) => {
      const { targets } = get(name);
      if (!target.Id || !target.Arn) throw invalid(`A target of ${name} needs Id and Arn.`);
      if (!targets.has(target.Id) && targets.size >= MAX_TARGETS)
        throw invalid(`Rule ${name}: more than ${MAX_TARGETS} targets.`);
      const service = target.Arn.split(':')[2] ?? '';
      if (!['lambda', 'states', 'sns', 'events'].includes(service))
        throw invalid(`Target ${target.Arn} is not offered here.`);
      if (['states', 'events'].includes(service) && !target.RoleArn)
        throw invalid(`RoleArn is required for target ${target.Arn}.`);
      const strange = Object.keys(target).find((member) => !OFFERED.has(member));
      if (strange) throw invalid(`Target ${target.Id}: ${strange} is not offered here.`);
      targets.set(target.Id, target);
    },
  };
};

export const invalid = (message: string): ApiError => new ApiError('ValidationException', 400, message);
