import { LifeboatError } from '../../shared/errors.ts';

/** Nobody could be told of some things; of the others they were. */
export class MessagesUntold extends LifeboatError {
  override readonly name = 'MessagesUntold';
}

/** The secret of a webhook holds no address or key that can be used. */
export class WebhookUnusable extends LifeboatError {
  override readonly name = 'WebhookUnusable';
}

/** Where a webhook would lead is no public address. */
export class AddressRefused extends LifeboatError {
  override readonly name = 'AddressRefused';
}

/** The other side did not take a message. */
export class WebhookFailed extends LifeboatError {
  override readonly name = 'WebhookFailed';
}
