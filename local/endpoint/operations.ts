// What the SDK's schemas say about the operations of a service: shapes, URIs, protocol, errors.
import { NormalizedSchema } from '@smithy/core/schema';
import type { Service } from '../types.ts';

export interface OperationSchema {
  name: string;
  input: NormalizedSchema;
  output: NormalizedSchema;
  /** Members of the input that a request cannot do without. */
  required: string[];
  http?: { method: string; segments: string[]; query: [string, string | undefined][]; status: number };
}

export type Protocol = 'awsQuery' | 'awsJson1_0' | 'awsJson1_1' | 'restJson1' | 'restXml';

export interface ServiceSchema {
  protocol: Protocol;
  operations: Map<string, OperationSchema>;
  xmlNamespace?: string;
  queryCompatible: boolean;
}

interface ClientConfig {
  protocol: { getShapeId(): string; options?: { xmlNamespace?: string }; awsQueryCompatible?: boolean };
}

/** Left out of matching: the SDK adds it for itself, other clients do not send it. */
const SDK_QUERY = 'x-id';

const schemas = new WeakMap<Service, ServiceSchema>();

export const schemaOf = (service: Service): ServiceSchema => {
  const schema = schemas.get(service) ?? read(service);
  schemas.set(service, schema);
  return schema;
};

const read = ({ sdk, clientName }: Service): ServiceSchema => {
  const { protocol } = (new sdk[clientName]({ region: 'us-east-1' }) as { config: ClientConfig }).config;
  const operations = new Map<string, OperationSchema>();
  for (const value of Object.values(sdk)) {
    // An operation's schema: [9, namespace, name, traits, input, output].
    if (!Array.isArray(value) || value[0] !== 9) continue;
    operations.set(value[2], operationOf(value));
  }
  const xmlNamespace = protocol.options?.xmlNamespace;
  return {
    protocol: protocol.getShapeId().split('#')[1] as Protocol,
    operations,
    queryCompatible: Boolean(protocol.awsQueryCompatible),
    ...(xmlNamespace ? { xmlNamespace } : {}),
  };
};

const operationOf = ([, , name, traits, inputRef, outputRef]: unknown[]): OperationSchema => {
  const input = NormalizedSchema.of(inputRef as never);
  const struct = input.getSchema() as unknown[];
  // A structure: [3, namespace, name, traits, member names, members, how many of the first are required].
  const required = Array.isArray(struct) ? ((struct[4] as string[]) ?? []).slice(0, (struct[6] as number) ?? 0) : [];
  const http = (traits as { http?: [string, string, number] } | 0 | undefined) || undefined;
  return {
    name: name as string,
    input,
    output: NormalizedSchema.of(outputRef as never),
    required,
    ...(http && typeof http === 'object' && http.http ? { http: uriOf(http.http) } : {}),
  };
};

const uriOf = ([method, uri, status]: [string, string, number]): NonNullable<OperationSchema['http']> => {
  const [path = '', query = ''] = uri.split('?');
  return {
    method,
    status,
    segments: path.split('/').filter(Boolean),
    query: query
      .split('&')
      .filter(Boolean)
      .map((pair): [string, string | undefined] => pair.split('=') as [string, string | undefined])
      .filter(([key]) => key !== SDK_QUERY),
  };
};
