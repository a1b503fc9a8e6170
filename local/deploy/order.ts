import { attributeNamed, intrinsicOf, subParts } from './intrinsics.ts';
import type { Template } from './template.ts';

/** Names that a value looks up. */
const namesIn = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null) return [];
  const [name, argument] = (Array.isArray(value) ? undefined : intrinsicOf(value)) ?? [];
  switch (name) {
    case 'Ref':
      return [String(argument)];
    case 'Fn::GetAtt':
      return [attributeNamed(argument)[0]];
    case 'Fn::Sub': {
      const { names, variables } = subParts(argument);
      return [...names.map((each) => attributeNamed(each)[0]), ...namesIn(variables)];
    }
    default:
      return Object.values(value).flatMap(namesIn);
  }
};

/**
 * Logical ids in an order in which each comes after all it depends on.
 * @throws Error naming the circle, or the name that is not in the template.
 */
export const creationOrder = (template: Template): string[] => {
  const order: string[] = [];
  const visit = (logicalId: string, path: string[]): void => {
    const resource = template.Resources[logicalId];
    if (!resource || order.includes(logicalId)) return;
    const trail = [...path, logicalId];
    if (path.includes(logicalId))
      throw new Error(
        `resources depend on each other in a circle: ${trail.slice(path.indexOf(logicalId)).join(' -> ')}`,
      );
    for (const name of [...resource.DependsOn, ...namesIn(resource.Properties)]) {
      if (!(name in template.Resources || name.startsWith('AWS::')))
        throw new Error(`${logicalId} refers to ${name}, which is not in the template`);
      visit(name, trail);
    }
    order.push(logicalId);
  };
  for (const logicalId of Object.keys(template.Resources)) visit(logicalId, []);
  return order;
};
