import { attributeNamed, branchTaken, intrinsicOf, type Scope, subParts } from './intrinsics.ts';
import type { Template } from './template.ts';

/** Names that a value looks up, in the branches its conditions take. */
const namesIn = (value: unknown, scope: Pick<Scope, 'condition'>): string[] => {
  if (typeof value !== 'object' || value === null) return [];
  const inside = (each: unknown) => namesIn(each, scope);
  const [name, argument] = (Array.isArray(value) ? undefined : intrinsicOf(value)) ?? [];
  switch (name) {
    case 'Ref':
      return [String(argument)];
    case 'Fn::GetAtt':
      return [attributeNamed(argument)[0]];
    case 'Fn::Sub': {
      const { names, variables } = subParts(argument);
      return [...names.map((each) => attributeNamed(each)[0]), ...inside(variables)];
    }
    case 'Fn::If':
      return inside(branchTaken(argument, scope));
    default:
      return Object.values(value).flatMap(inside);
  }
};

/**
 * Logical ids in an order in which each comes after all it depends on; those whose condition is false are left out.
 * @throws Error naming the circle, or the name that is not in the template.
 */
export const creationOrder = (template: Template, scope: Pick<Scope, 'condition'>): string[] => {
  const order: string[] = [];
  const visit = (logicalId: string, path: string[]): void => {
    const resource = template.Resources[logicalId];
    if (!resource || order.includes(logicalId)) return;
    if (resource.Condition !== undefined && !scope.condition(resource.Condition)) return;
    const trail = [...path, logicalId];
    if (path.includes(logicalId))
      throw new Error(
        `resources depend on each other in a circle: ${trail.slice(path.indexOf(logicalId)).join(' -> ')}`,
      );
    for (const name of [...resource.DependsOn, ...namesIn(resource.Properties, scope)]) {
      if (!(name in template.Resources || name in template.Parameters || name.startsWith('AWS::')))
        throw new Error(`${logicalId} refers to ${name}, which is not in the template`);
      visit(name, trail);
    }
    order.push(logicalId);
  };
  for (const logicalId of Object.keys(template.Resources)) visit(logicalId, []);
  return order;
};
