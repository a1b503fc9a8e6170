import { InvalidInput } from '@aws-sdk/client-route-53';

export const invalidInput = (message: string): InvalidInput => new InvalidInput({ message, $metadata: {} });
