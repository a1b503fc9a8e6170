import { InvalidParameterCombinationException, InvalidParameterValueException } from '@aws-sdk/client-elasticache';
import { ApiError } from '../../service.ts';

export const invalidValue = (message: string): InvalidParameterValueException =>
  new InvalidParameterValueException({ message, $metadata: {} });

export const invalidCombination = (message: string): InvalidParameterCombinationException =>
  new InvalidParameterCombinationException({ message, $metadata: {} });

/** Something that ElastiCache has and the local one has not. */
export const notOffered = (what: string): ApiError =>
  new ApiError('NotImplemented', 501, `The local ElastiCache does not offer ${what}.`);
