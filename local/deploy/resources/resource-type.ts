import { z } from 'zod';
import type { Region } from '../../types.ts';

/** What a resource's making may use. */
export interface Creation {
  region: Region;
  /** A name as CloudFormation makes one up: stack, logical id and a suffix of its own. */
  madeUpName(longest?: number): string;
  /** Calls a service as the operator, in the stack's own region unless another is named. */
  call<T = Record<string, unknown>>(service: string, operation: string, input: object, region?: string): Promise<T>;
  /** The zip of the package whose S3 key is given. */
  archive(key: string): Promise<Uint8Array>;
}

export interface Created {
  /** What Ref gives, and the physical id. */
  ref: string;
  arn?: string;
  /** What Fn::GetAtt gives; `Arn` is added from `arn`. */
  attributes?: Record<string, string>;
  /** Takes the resource back when a later one fails; absent where it goes with what it belongs to. */
  undo?(): Promise<unknown>;
}

export interface ResourceType {
  create(properties: unknown, creation: Creation): Promise<Created>;
}

/** A type of resource: its properties, all others being refused by name, and the calls that make it. */
export const resourceType = <S extends z.ZodType>(
  schema: S,
  create: (properties: z.output<S>, creation: Creation) => Promise<Created>,
): ResourceType => ({
  create: async (properties, creation) => {
    const parsed = schema.safeParse(properties);
    if (!parsed.success)
      throw new Error(`properties the local region does not understand:\n${z.prettifyError(parsed.error)}`);
    return create(parsed.data, creation);
  },
});
