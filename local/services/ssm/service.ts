import * as sdk from '@aws-sdk/client-ssm';
import { ParameterAlreadyExists, ParameterNotFound } from '@aws-sdk/client-ssm';
import { defineService } from '../../service.ts';
import type { Region, Service } from '../../types.ts';

interface Parameter {
  value: string;
  version: number;
  type: 'String' | 'StringList' | 'SecureString';
  changedAt: Date;
}

export const createSsm = (region: Region): Service => {
  const parameters = new Map<string, Parameter>();
  const arnOf = (name: string): string =>
    `arn:aws:ssm:${region.name}:${region.account}:parameter/${name.replace(/^\//, '')}`;
  return {
    ...defineService(sdk, {
      async PutParameter({ Name = '', Value = '', Type = 'String', Overwrite = false }) {
        const existing = parameters.get(Name);
        if (existing && !Overwrite)
          throw new ParameterAlreadyExists({ message: `The parameter ${Name} already exists.`, $metadata: {} });
        const version = (existing?.version ?? 0) + 1;
        parameters.set(Name, { value: Value, version, type: Type, changedAt: region.clock.now() });
        return { Version: version, Tier: 'Standard' };
      },
      async GetParameter({ Name = '' }) {
        const found = parameters.get(Name);
        if (!found) throw new ParameterNotFound({ message: `The parameter ${Name} does not exist.`, $metadata: {} });
        return {
          Parameter: {
            Name,
            Value: found.value,
            Version: found.version,
            Type: found.type,
            ARN: arnOf(Name),
            LastModifiedDate: found.changedAt,
          },
        };
      },
    }),
    authorize: (operation, input) => [
      { action: `ssm:${operation}`, resource: arnOf((input as { Name?: string }).Name ?? '') },
    ],
  };
};
