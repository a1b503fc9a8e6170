import jsonata from 'jsonata';
import { expressionIn } from './expressions.ts';

interface Node {
  type?: string;
  value?: unknown;
  steps?: Node[];
  [key: string]: unknown;
}

/**
 * Step Functions evaluates without a document: `$`, `$$` and bare names have no meaning at the top of an expression and
 * are refused, and so is `$eval` (guide, transforming data, 2026-11). Inside a predicate or a later step they are fine.
 */
const faultsIn = (node: unknown, rooted: boolean): string[] => {
  if (Array.isArray(node)) return node.flatMap((item) => faultsIn(item, rooted));
  if (typeof node !== 'object' || node === null) return [];
  const { type, value, steps, stages, predicate, group, ...rest } = node as Node;
  const below = [stages, predicate, group].flatMap((part) => faultsIn(part, false));
  if (type === 'path') {
    const [first, ...later] = steps ?? [];
    return [...faultsIn(first, rooted), ...faultsIn(later, false), ...below];
  }
  if (type === 'name' && rooted)
    return [`'${value}' is not qualified; write $states.input.${value}, or $${value}`, ...below];
  if (type === 'variable') {
    if (value === 'eval') return ['$eval is not available', ...below];
    if (value === '$' || (value === '' && rooted))
      return [`'$${value}' has no meaning here; write $states.input`, ...below];
  }
  return [...Object.values(rest).flatMap((part) => faultsIn(part, rooted && type !== 'transform')), ...below];
};

/** What is wrong with the expressions of a template, each with its place; nothing when all is well. */
export const templateFaults = (template: unknown, field: string): string[] => {
  if (Array.isArray(template)) return template.flatMap((item, index) => templateFaults(item, `${field}[${index}]`));
  if (typeof template === 'object' && template !== null) {
    return Object.entries(template).flatMap(([key, item]) => [
      ...(key.endsWith('.$') ? [`${field}/${key}: names that end in '.$' are JSONPath`] : []),
      ...templateFaults(item, `${field}/${key}`),
    ]);
  }
  const expression = typeof template === 'string' ? expressionIn(template) : undefined;
  if (expression === undefined) return [];
  try {
    return faultsIn(jsonata(expression).ast(), true).map((fault) => `${field}: ${fault}, in '${expression}'`);
  } catch (error) {
    return [`${field}: '${expression}' is not JSONata: ${(error as Error).message}`];
  }
};
