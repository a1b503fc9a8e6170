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

/** Kafka Connect does not answer, or says that it cannot at the moment. */
export class RestUnreachable extends LifeboatError {
  override readonly name = 'RestUnreachable';
}

/** It does not accept the login, or the login may not do this. */
export class RestAccessDenied extends LifeboatError {
  override readonly name = 'RestAccessDenied';
}

/** It answered with something that waiting does not mend. */
export class RestRefused extends LifeboatError {
  override readonly name = 'RestRefused';
}

/** Workers share out their connectors anew, or a connector has not come to the state it was asked for: asked again, it has. */
export class ConnectNotReady extends LifeboatError {
  override readonly name = 'ConnectNotReady';
}
