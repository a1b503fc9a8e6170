import { LifeboatError } from '../errors.ts';

/** No broker answers, or one stopped answering. */
export class BrokersUnreachable extends LifeboatError {
  override readonly name = 'BrokersUnreachable';
}

/** The brokers do not accept the login, or it lacks a permission. */
export class KafkaAccessDenied extends LifeboatError {
  override readonly name = 'KafkaAccessDenied';
}

/** A broker answered with an error that waiting does not mend. */
export class KafkaRefused extends LifeboatError {
  override readonly name = 'KafkaRefused';
}

/** Leaders move, or a broker starts: asked again, it answers. */
export class KafkaNotReady extends LifeboatError {
  override readonly name = 'KafkaNotReady';
}

/** The bytes of a record batch are not what their checksum says, or no batch at all. */
export class BatchDamaged extends LifeboatError {
  override readonly name = 'BatchDamaged';
}

/** No topic of the cluster is among those that the configuration asks for. */
export class NoTopics extends LifeboatError {
  override readonly name = 'NoTopics';
}
