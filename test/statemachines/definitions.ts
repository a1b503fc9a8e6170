import type { Definition } from '../../local/services/step-functions/language/definition.ts';
import { readYaml } from '../../resources/yaml.ts';

/** A machine as it is deployed, with function keys where the template has references. */
export const machineOf = (name: string): Definition => plain(readYaml(`statemachines/${name}.asl.yml`)) as Definition;

const plain = (node: unknown): unknown => {
  if (Array.isArray(node)) return node.map(plain);
  if (typeof node !== 'object' || node === null) return node;
  if ('Fn::GetAtt' in node) return (node['Fn::GetAtt'] as string[])[0];
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, plain(value)]));
};
