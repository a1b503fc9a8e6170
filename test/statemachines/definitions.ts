import type { Definition, Json } from '../../local/services/step-functions/language/definition.ts';
import { readYaml } from '../../resources/yaml.ts';
import { createTestRegion, functions } from '../local/services/step-functions/support.ts';

/** A machine as it is deployed, with function keys where the template has references. */
export const machineOf = (name: string): Definition => plain(readYaml(`statemachines/${name}.asl.yml`)) as Definition;

const plain = (node: unknown): unknown => {
  if (Array.isArray(node)) return node.map(plain);
  if (typeof node !== 'object' || node === null) return node;
  if ('Fn::GetAtt' in node) return (node['Fn::GetAtt'] as string[])[0];
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, plain(value)]));
};

/** A region whose functions answer so, by their keys; `asked` holds every call with its payload, in their order. */
export const regionOf = (answers: Record<string, (event: Json) => unknown>) => {
  const asked: [key: string, payload: Json][] = [];
  const told = (key: string) => (event: Json) => {
    asked.push([key, event]);
    return answers[key]?.(event) as Json;
  };
  const byKey = Object.fromEntries(Object.keys(answers).map((key) => [key, told(key)]));
  return { ...createTestRegion({ 'lambda.Invoke': functions(byKey) }), asked };
};
