import { resolve, type Scope } from './intrinsics.ts';

/** Evaluates a template's Conditions; they may look up parameters, mappings and each other, never resources. */
export const createConditions = (definitions: Record<string, unknown>, scope: Omit<Scope, 'condition'>) => {
  const underWay = new Set<string>();

  const condition = (name: string): boolean => {
    if (!(name in definitions)) throw new Error(`the condition ${name} is not defined`);
    if (underWay.has(name)) throw new Error(`the condition ${name} depends on itself`);
    underWay.add(name);
    try {
      return evaluate(definitions[name]);
    } finally {
      underWay.delete(name);
    }
  };

  const evaluate = (expression: unknown): boolean => {
    const [operator = '', argument] = Object.entries((expression ?? {}) as object)[0] ?? [];
    const operands = Array.isArray(argument) ? argument : [];
    switch (operator) {
      case 'Condition':
        return condition(String(argument));
      case 'Fn::Equals': {
        const [left, right] = operands.map((operand) => resolve(operand, { ...scope, condition }));
        return String(left) === String(right);
      }
      case 'Fn::Not':
        return !evaluate(operands[0]);
      case 'Fn::And':
        return operands.every(evaluate);
      case 'Fn::Or':
        return operands.some(evaluate);
      default:
        throw new Error(`a condition is made of Fn::Equals, Fn::Not, Fn::And, Fn::Or and Condition, found ${operator}`);
    }
  };

  return condition;
};
