// Systems Manager's Parameter Store: values by name, every version kept.
import * as sdk from '@aws-sdk/client-ssm';
import { ApiError, defineService } from '../../service.ts';
import type { Region, Service } from '../../types.ts';

interface Parameter {
  name: string;
  type: 'String' | 'StringList';
  /** The first version is number 1. */
  versions: { value: string; changedAt: Date }[];
}

export const createSsm = (region: Region): Service => {
  const parameters = new Map<string, Parameter>();
  const arnOf = (name: string): string =>
    `arn:aws:ssm:${region.name}:${region.account}:parameter/${name.replace(/^\//, '')}`;
  const find = (name: string): Parameter => {
    const found = parameters.get(name);
    if (found) return found;
    throw new sdk.ParameterNotFound({ message: `The parameter ${name} does not exist.`, $metadata: {} });
  };

  const service = defineService(sdk, {
    async PutParameter({ Name = '', Value = '', Type, Overwrite = false }) {
      const standing = parameters.get(Name);
      if (standing && !Overwrite) {
        const message =
          'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.';
        throw new sdk.ParameterAlreadyExists({ message, $metadata: {} });
      }
      if (Type === 'SecureString')
        throw new ApiError('NotImplemented', 501, 'SecureString is not offered here; use a secret.');
      const type = Type ?? standing?.type;
      if (!type || Value === '')
        throw new ApiError('ValidationException', 400, `${Name}: a type and a value are needed.`);
      const versions = [...(standing?.versions ?? []), { value: Value, changedAt: region.clock.now() }];
      parameters.set(Name, { name: Name, type, versions });
      return { Version: versions.length, Tier: 'Standard' };
    },

    async GetParameter({ Name = '' }) {
      const [, name = '', selector] = /^(.*?)(?::(\d+))?$/s.exec(nameIn(Name)) ?? [];
      const { versions, type } = find(name);
      const number = selector === undefined ? versions.length : Number(selector);
      const version = versions[number - 1];
      if (!version) {
        const message = `Systems Manager could not find version ${number} of ${name}.`;
        throw new sdk.ParameterVersionNotFound({ message, $metadata: {} });
      }
      return {
        Parameter: {
          Name: name,
          Type: type,
          Value: version.value,
          Version: number,
          LastModifiedDate: version.changedAt,
          ARN: arnOf(name),
          DataType: 'text',
          ...(selector && { Selector: `:${selector}` }),
        },
      };
    },
  });
  return {
    ...service,
    authorize: (operation, input) => {
      const { Name = '' } = input as { Name?: string };
      return [{ action: `ssm:${operation}`, resource: arnOf(nameIn(Name).replace(/:\d+$/, '')) }];
    },
  };
};

/** A parameter may be named by its ARN. */
const nameIn = (reference: string): string => reference.replace(/^arn:aws:ssm:[^:]*:\d*:parameter/, '');
