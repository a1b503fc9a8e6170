// Opens the restored copy with the credential that belongs to its recovery point, and reads from it: only now is it restored.
import { readPoint } from '../../shared/catalog/catalog.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import { describeInstance } from '../../shared/rds/instances.ts';
import { record } from '../../shared/telemetry/metrics.ts';
import { findDocument, writeOnce } from '../../shared/verification/step-documents.ts';
import type { StepRequest } from '../../shared/verification/steps.ts';
import { openCopy } from './databases.ts';
import { LoginProof, loginKey } from './evidence.ts';
import { instanceName } from './test-instances.ts';

/** @throws {LoginRefused} {DatabaseMissing} {DatabaseUnreachable} {CredentialMissing} */
export const probeLogin = async (
  { source, recoveryPoint, execution }: StepRequest,
  { signal }: { signal: AbortSignal },
): Promise<LoginProof> => {
  const key = loginKey(recoveryPoint, execution);
  const standing = await findDocument(key, LoginProof);
  if (standing) return standing.value;
  const started = now();
  const point = await readPoint(recoveryPoint);
  const name = instanceName(source, execution);
  const instance = await describeInstance(source, name);
  await using copy = await openCopy(point, name, { statementSeconds: 120, signal });
  const { version } = await copy.row(`SELECT current_setting('server_version') AS version FROM pg_class LIMIT 1`);
  const restoreSeconds = Math.max(0, secondsBetween(instance.InstanceCreateTime ?? started, now()));
  const { secret, versionId } = point.credential ?? { secret: rdsSourceNamed(source).secret, versionId: 'current' };
  const proof = {
    at: started.toISOString(),
    seconds: secondsBetween(started, now()),
    restoreSeconds,
    serverVersion: version ?? '',
    credential: `${secret}, version ${versionId}`,
  };
  record('RestoreDuration', restoreSeconds, source);
  return (await writeOnce(key, LoginProof, proof)).value;
};
