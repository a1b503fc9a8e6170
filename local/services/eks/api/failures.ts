// Errors as the Kubernetes API answers them: a Status object with reason and code.
import { qualified, type Resource } from './resources.ts';

export class ApiFailure extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: object | undefined;

  constructor(code: number, reason: string, message: string, details?: object) {
    super(message);
    this.name = reason;
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  get status(): object {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(this.details && { details: this.details }),
      code: this.code,
    };
  }
}

const detailsOf = (resource: Resource, name: string) => ({ name, group: resource.group, kind: resource.plural });

export const notFound = (resource: Resource, name: string): ApiFailure =>
  new ApiFailure(404, 'NotFound', `${qualified(resource)} "${name}" not found`, detailsOf(resource, name));

export const noSuchPath = (): ApiFailure =>
  new ApiFailure(404, 'NotFound', 'the server could not find the requested resource');

export const alreadyExists = (resource: Resource, name: string): ApiFailure =>
  new ApiFailure(409, 'AlreadyExists', `${qualified(resource)} "${name}" already exists`, detailsOf(resource, name));

export const conflict = (resource: Resource, name: string): ApiFailure =>
  new ApiFailure(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(resource)} "${name}": the object has been modified; please apply your changes to the latest version and try again`,
    detailsOf(resource, name),
  );

export const invalid = (resource: Resource, name: string, field: string, message: string): ApiFailure =>
  new ApiFailure(422, 'Invalid', `${resource.kind} "${name}" is invalid: ${field}: ${message}`, {
    ...detailsOf(resource, name),
    kind: resource.kind,
    causes: [{ reason: 'FieldValueInvalid', message, field }],
  });

export const badRequest = (message: string): ApiFailure => new ApiFailure(400, 'BadRequest', message);

export const expired = (since: string, oldest: string): ApiFailure =>
  new ApiFailure(410, 'Expired', `too old resource version: ${since} (${oldest})`);
