import type { Target } from '@aws-sdk/client-eventbridge';
import { ApiError } from '../../service.ts';
import { isObject } from './matchers.ts';

export interface Event {
  version: '0';
  id: string;
  'detail-type': string;
  source: string;
  account: string;
  time: string;
  region: string;
  resources: string[];
  detail: Record<string, unknown>;
}

export interface RuleName {
  name: string;
  arn: string;
}

/** What a target is sent: its constant input, a part of the event, a template filled in, or the event. */
export const targetInput = (target: Target, event: Event, rule: RuleName, now: Date): string => {
  if (target.Input !== undefined) return target.Input;
  if (target.InputPath !== undefined) return JSON.stringify(at(event, target.InputPath) ?? null);
  if (target.InputTransformer) return fillTemplate(target, event, rule, now);
  return JSON.stringify(event);
};

/** @throws ValidationException where paths, template or constant are not what EventBridge takes. */
export const checkInput = (target: Target): void => {
  const { Input, InputPath, InputTransformer } = target;
  if ([Input, InputPath, InputTransformer].filter((way) => way !== undefined).length > 1) {
    throw invalid(target, 'Only one of Input, InputPath, or InputTransformer must be provided');
  }
  if (Input !== undefined && !isJson(Input)) throw invalid(target, `Input must be valid JSON; found ${Input}`);
  if (InputPath !== undefined) pathSteps(InputPath);
  for (const path of Object.values(InputTransformer?.InputPathsMap ?? {})) pathSteps(path);
  const template = InputTransformer?.InputTemplate ?? '';
  const known = new Set(Object.keys(InputTransformer?.InputPathsMap ?? {}));
  const unknown = [...template.matchAll(PLACEHOLDER)]
    .map(([, name]) => name ?? '')
    .find((name) => !known.has(name) && !name.startsWith('aws.events.'));
  if (unknown !== undefined) throw invalid(target, `InputTemplate placeholder <${unknown}> is not in InputPathsMap`);
};

const invalid = (target: Target, problem: string): ApiError =>
  new ApiError('ValidationException', 400, `Target ${target.Id}: ${problem}.`);

const PLACEHOLDER = /<([\w.-]+)>/g;

/** EventBridge takes a small part of JSONPath: members by name and elements by number. */
const pathSteps = (path: string): string[] => {
  if (!/^\$(\.[\w-]+|\[\d+\]|\['[^']+'\])*$/.test(path)) {
    const expected = 'Expected one such as $.detail.name or $.resources[0].';
    throw new ApiError('ValidationException', 400, `The JSON path '${path}' is not one EventBridge takes. ${expected}`);
  }
  return [...path.matchAll(/\.([\w-]+)|\[(\d+)\]|\['([^']+)'\]/g)].map(
    ([, name, index, quoted]) => name ?? index ?? quoted ?? '',
  );
};

const at = (event: unknown, path: string): unknown =>
  pathSteps(path).reduce<unknown>((value, step) => {
    if (Array.isArray(value)) return value[Number(step)];
    return isObject(value) ? value[step] : undefined;
  }, event);

/** A placeholder inside quotes gets text, one outside gets JSON. */
const fillTemplate = (target: Target, event: Event, rule: RuleName, now: Date): string => {
  const { InputPathsMap = {}, InputTemplate = '' } = target.InputTransformer ?? { InputTemplate: '' };
  const valueFor = (name: string): unknown => {
    const path = InputPathsMap[name];
    if (path !== undefined) return at(event, path);
    if (name === 'aws.events.rule-arn') return rule.arn;
    if (name === 'aws.events.rule-name') return rule.name;
    if (name === 'aws.events.event.ingestion-time') return now.toISOString();
    return event;
  };
  let quoted = false;
  let filled = '';
  let from = 0;
  for (const match of InputTemplate.matchAll(PLACEHOLDER)) {
    const before = InputTemplate.slice(from, match.index);
    filled += before;
    quoted = quotesAfter(before, quoted);
    const value = valueFor(match[1] ?? '');
    filled += quoted ? inText(value) : JSON.stringify(value ?? '');
    from = match.index + match[0].length;
  }
  return filled + InputTemplate.slice(from);
};

const quotesAfter = (text: string, quoted: boolean): boolean => {
  const quotes = text.replaceAll('\\\\', '').replaceAll('\\"', '').split('"').length - 1;
  return quotes % 2 === 1 ? !quoted : quoted;
};

const inText = (value: unknown): string => {
  if (value === undefined) return '';
  return JSON.stringify(typeof value === 'string' ? value : JSON.stringify(value)).slice(1, -1);
};

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};
