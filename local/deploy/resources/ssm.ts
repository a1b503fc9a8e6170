import { z } from 'zod';
import { text } from './properties.ts';
import { resourceType } from './resource-type.ts';

export const parameter = resourceType(
  z.strictObject({
    Name: text.optional(),
    Type: z.enum(['String', 'StringList']),
    Value: text,
    Description: text.optional(),
    Tier: text.optional(),
    /** The only type whose CloudFormation tags are a map. */
    Tags: z.record(z.string(), text).optional(),
  }),
  async ({ Tags, ...properties }, { call, madeUpName }) => {
    const Name = properties.Name ?? madeUpName(1011);
    const list = Object.entries(Tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
    await call('ssm', 'PutParameter', { ...properties, Name, ...(list.length > 0 && { Tags: list }) });
    return {
      ref: Name,
      attributes: { Type: properties.Type, Value: properties.Value },
      undo: () => call('ssm', 'DeleteParameter', { Name }),
    };
  },
);
