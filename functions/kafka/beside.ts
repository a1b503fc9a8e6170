// What stands beside a cluster, archived with it. Where it does not answer, the topics are archived all the same, and people are told.
import { writeArtifact } from '../../shared/artifacts/artifacts.ts';
import { startAttempts } from '../../shared/attempts.ts';
import type { KafkaSource } from '../../shared/config/schema.ts';
import { type Beside, type BesideDocument, besideKey } from '../../shared/kafka/archive.ts';
import { openConnect } from '../../shared/kafka/connect.ts';
import { readConnectors } from '../../shared/kafka/connectors.ts';
import { openRegistry } from '../../shared/kafka/registry.ts';
import { readRegistry } from '../../shared/kafka/schemas.ts';
import { logger } from '../../shared/telemetry/logger.ts';

/** Of the function's time, what may be waited for it: the topics are worth more. */
const PATIENCE_MS = 60_000;

export const archiveBeside = async (
  source: string,
  configured: KafkaSource,
  recoveryPoint: string,
): Promise<Beside> => {
  const { connect, registry } = configured;
  const document = (what: keyof Beside, read: (signal: AbortSignal) => Promise<object>) =>
    documentOf(source, recoveryPoint, what, read);
  return {
    ...(connect
      ? {
          connect: await document('connect', async (signal) =>
            readConnectors(await openConnect(source, connect, signal)),
          ),
        }
      : {}),
    ...(registry
      ? {
          registry: await document('registry', async (signal) =>
            readRegistry(await openRegistry(source, registry, signal)),
          ),
        }
      : {}),
  };
};

const documentOf = async (
  source: string,
  recoveryPoint: string,
  what: keyof Beside,
  read: (signal: AbortSignal) => Promise<object>,
): Promise<BesideDocument> => {
  const { attempt, troubles } = startAttempts();
  let content = '';
  await attempt(what, async () => {
    content = JSON.stringify(await read(AbortSignal.timeout(PATIENCE_MS)), null, 2);
  });
  const [missing] = troubles;
  if (missing !== undefined) {
    logger.warn('not archived', { source, recoveryPoint, what, why: missing });
    return { missing };
  }
  // What the vault refuses is no trouble of what stands beside: it is thrown.
  return { artifact: await writeArtifact(besideKey(recoveryPoint, what), content) };
};
