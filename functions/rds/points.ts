// Recovery points of RDS: how a new one looks, before anything is asked of RDS.
import { DescribeSecretCommand, ResourceNotFoundException } from '@aws-sdk/client-secrets-manager';
import { secrets } from '../../shared/aws/clients.ts';
import { openPoint } from '../../shared/catalog/catalog.ts';
import { pointId } from '../../shared/catalog/ids.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import type { SnapshotRequest } from '../../shared/catalog/requests.ts';
import { now } from '../../shared/clock.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import type { RdsSource } from '../../shared/config/schema.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { VERSION } from '../../shared/version.ts';

type Purpose = RecoveryPoint['purpose'];

/** How long a point is kept follows from what it is for. */
export const retentionClass = (purpose: Purpose): keyof RdsSource['retention'] =>
  purpose === 'compliance' ? 'compliance' : purpose === 'scheduled' ? 'daily' : 'pre-change';

export const expiryOf = (source: RdsSource, purpose: Purpose, scheduledAt: Date): RecoveryPoint['retention'] => {
  const retention = retentionClass(purpose);
  return {
    class: retention,
    expiresAt: new Date(scheduledAt.getTime() + source.retention[retention] * 1000).toISOString(),
  };
};

/**
 * Writes the new point of a snapshot into the catalogue, with the credential version that is current now: whoever
 * restores the snapshot logs in with that one, however often the secret was rotated since. Opened again for the same
 * time and purpose, it is the same point.
 */
export const openSnapshotPoint = async (
  request: SnapshotRequest,
): Promise<{ source: string; recoveryPoint: string; created: boolean }> => {
  const source = rdsSourceNamed(request.source);
  const scheduledAt = new Date(request.scheduledAt);
  const id = pointId(request.source, scheduledAt, request.purpose);
  const { created } = await openPoint({
    schemaVersion: 1,
    id,
    source: request.source,
    kind: source.kind,
    method: 'snapshot',
    purpose: request.purpose,
    status: 'started',
    scheduledAt: scheduledAt.toISOString(),
    startedAt: now().toISOString(),
    // RDS keeps identifiers in lower case and allows 255 characters (CreateDBSnapshot API reference).
    nativeId: `lifeboat-${id}`,
    ...(await currentCredential(source.secret)),
    artifacts: [],
    copies: [],
    retention: expiryOf(source, request.purpose, scheduledAt),
    verifications: [],
    tool: VERSION,
  });
  if (created) logger.info('recovery point opened', { source: request.source, recoveryPoint: id });
  return { source: request.source, recoveryPoint: id, created };
};

/**
 * The version labelled AWSCURRENT; the value itself is not read. A secret that is not there must not stop a backup: the
 * point then has no credential, and its verification says that it could not log in.
 */
const currentCredential = async (secret: string): Promise<Pick<RecoveryPoint, 'credential'>> => {
  try {
    const { VersionIdsToStages = {} } = await secrets().send(new DescribeSecretCommand({ SecretId: secret }));
    const current = Object.entries(VersionIdsToStages).find(([, stages]) => stages.includes('AWSCURRENT'));
    return current ? { credential: { secret, versionId: current[0] } } : {};
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
    logger.warn('secret missing', { secret });
    return {};
  }
};
