// What brokers and their client say, in this service's names.
import {
  AuthenticationError,
  NetworkError,
  protocolErrorsCodesById,
  ResponseError,
  TimeoutError,
} from '@platformatic/kafka';
import { LifeboatError } from '../errors.ts';
import { BrokersUnreachable, KafkaAccessDenied, KafkaNotReady, KafkaRefused } from './errors.ts';

/** Leaders and coordinators move, brokers start: asked again, others answer ("Error Codes", Kafka protocol, retriable, 2026-11). */
const PASSING = new Set([
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_OR_FOLLOWER',
  'REQUEST_TIMED_OUT',
  'REPLICA_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'KAFKA_STORAGE_ERROR',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'OFFSET_NOT_AVAILABLE',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'UNKNOWN_TOPIC_ID',
  'INCONSISTENT_TOPIC_ID',
  // What an earlier call wrote is not shown by the brokers yet: it is behind the high watermark in a moment.
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
]);

/** Codes of Node.js for certificates that are not what one relies on. */
const UNTRUSTED = /CERT|^UNABLE_TO_/;

/** @param what was asked about; @param code of the protocol, or its name; @param said what the broker adds */
export const refusalOf = (source: string, what: string, code: number | string, said = ''): LifeboatError => {
  const codes: Record<number, string> = protocolErrorsCodesById;
  const found = typeof code === 'string' ? code : (codes[code] ?? `error ${code}`);
  const facts = { source, expected: `an answer about ${what}`, found };
  if (found.endsWith('AUTHORIZATION_FAILED'))
    return new KafkaAccessDenied('the brokers do not allow it.', {
      ...facts,
      next: 'Give the role or user of this service the right to describe and read its topics (docs/kafka.md).',
    });
  return PASSING.has(found)
    ? new KafkaNotReady('the brokers cannot say it at the moment.', { ...facts, next: 'It is asked again.' })
    : new KafkaRefused(said ? `the brokers refuse it: ${said}.` : 'the brokers refuse it.', {
        ...facts,
        next: 'Look at the log of the broker that leads it.',
      });
};

/** @param address of the broker that was asked */
export const known = (source: string, address: string, error: unknown): unknown => {
  if (error instanceof LifeboatError) return error;
  const causes = [...causesOf(error)];
  const untrusted = causes.find(({ code }) => typeof code === 'string' && UNTRUSTED.test(code));
  if (untrusted)
    return new KafkaRefused('the certificate of the broker is not trusted.', {
      ...{ source, expected: `a certificate of ${address} by a known authority`, found: untrusted.message },
      next: 'Nothing was sent to it. Name the authority of the brokers as `tls.ca`, or look who answers at this address.',
    });
  if (causes.some(({ message }) => message === 'Broker requires TLS.'))
    return new KafkaRefused('the broker speaks TLS, the configuration does not.', {
      ...{ source, expected: `an answer without TLS at ${address}`, found: 'one with TLS' },
      next: 'Take `tls: false` out of the configuration, or name the port of a listener without it.',
    });
  const login = causes.findLastIndex((each) => each instanceof AuthenticationError);
  // A connection that ends while the login is sent is no answer to it.
  if (login >= 0 && !causes.slice(login).some(isCut))
    return new KafkaAccessDenied(
      'the brokers do not accept the login.',
      {
        source,
        expected: `a login at ${address}`,
        found: 'refused',
        next: 'Compare the secret with the users of the cluster; with IAM, look whether the role may kafka-cluster:Connect.',
      },
      { cause: error },
    );
  if (error instanceof ResponseError) {
    const code = error.errors.find((each: { apiId?: string }) => each.apiId)?.apiId;
    return refusalOf(source, address, typeof code === 'string' ? code : error.message);
  }
  if (error instanceof Error && causes.some(isCut))
    return new BrokersUnreachable(
      'the broker cannot be reached.',
      {
        source,
        expected: `an answer at ${address}`,
        found: error.cause instanceof Error ? error.cause.message : error.message,
        next: 'Look at security groups and subnets of the functions and of the brokers, and whether this port speaks TLS just where `tls` says so; it is tried again.',
      },
      { cause: error },
    );
  return error;
};

const isCut = (error: Error): boolean => error instanceof NetworkError || error instanceof TimeoutError;

/** An error and what it was caused by: several tries of the client come as one error. */
function* causesOf(error: unknown): Generator<NodeJS.ErrnoException> {
  for (let each = error; each instanceof Error; each = each.cause) yield each;
}
