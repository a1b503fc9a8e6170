import type { Region } from '../types.ts';

const REFERENCE = /\{\{resolve:([a-z-]+):([^}]+)\}\}/g;

/** Puts SSM parameters in place of `{{resolve:ssm:/name}}` and `{{resolve:ssm:/name:3}}`, at any depth. */
export const resolveDynamic = async (value: unknown, region: Region): Promise<unknown> => {
  if (typeof value === 'string') return resolveText(value, region);
  if (Array.isArray(value)) return Promise.all(value.map((each) => resolveDynamic(each, region)));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(async ([key, each]) => [key, await resolveDynamic(each, region)] as const);
  return Object.fromEntries(await Promise.all(entries));
};

const resolveText = async (text: string, region: Region): Promise<string> => {
  let resolved = text;
  for (const [reference, service, name] of text.matchAll(REFERENCE)) {
    if (service !== 'ssm') throw new Error(`${reference}: only {{resolve:ssm:…}} is offered`);
    const answer = await region
      .call<{ Parameter?: { Value?: string } }>('ssm', 'GetParameter', { Name: name }, region.world.iam.operator)
      .catch((cause: Error) => {
        throw new Error(
          `${reference} cannot be resolved in ${region.name}: ${cause.message}. Put the parameter first.`,
          { cause },
        );
      });
    const found = answer.Parameter?.Value;
    if (found === undefined) throw new Error(`${reference}: the parameter has no value`);
    resolved = resolved.replace(reference, () => found);
  }
  return resolved;
};
