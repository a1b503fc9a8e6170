// Kinds of property values, as lenient as CloudFormation: numbers and truth values may be written as text.
import { z } from 'zod';
import type { PolicyStatement } from '../../types.ts';

export const text = z.string();
export const texts = z.array(text);
export const number = z.union([
  z.number(),
  z
    .string()
    .regex(/^-?\d+(\.\d+)?$/)
    .transform(Number),
]);
export const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((written) => written === 'true')]);
export const json = z.record(z.string(), z.unknown());
export const tags = z.array(z.strictObject({ Key: text, Value: text }));

export const policyDocument = z.strictObject({
  Version: z.enum(['2012-10-17', '2008-10-17']).optional(),
  Id: text.optional(),
  Statement: z.union([z.array(json), json.transform((statement) => [statement])]),
});

/** Its statements; IAM refuses elements it does not understand when it gets them. */
export const statementsOf = (document: z.output<typeof policyDocument>): PolicyStatement[] =>
  document.Statement as unknown as PolicyStatement[];

/** `[{ Key, Value }]` as `{ key: value }`. */
export const tagMap = (list: z.output<typeof tags>): Record<string, string> =>
  Object.fromEntries(list.map(({ Key, Value }) => [Key, Value]));
