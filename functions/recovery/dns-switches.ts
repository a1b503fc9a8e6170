// Two switches decide where customers' names lead, one in each region: a metric by which the region that takes over
// withdraws the other one. The recovery region's is enough to leave the primary; the primary's is enough to come back,
// because with both withdrawn Route 53 answers with the primary records (docs/dns.md has the table). Writing a metric
// needs nothing but the region one is in: no control plane, and nothing of the region that is left.
import { PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { z } from 'zod';
import { cloudwatch } from '../../shared/aws/clients.ts';
import { now } from '../../shared/clock.ts';
import { settings } from '../../shared/config/settings.ts';
import { FailoverId } from '../../shared/recovery/documents.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { METRICS, type MetricName, NAMESPACE } from '../../shared/telemetry/metrics.ts';
import { changeDocument, findDocument, openDocument, type Vault } from '../../shared/vault/documents.ts';
import { failureOfCall } from './call-failures.ts';

/** What this region's switch says, and to whom. */
const Switch = z.strictObject({
  epoch: z.int().positive(),
  failoverId: FailoverId,
  thrownAt: z.iso.datetime(),
  /** The other region's switch no longer withdraws this one: nothing is left to hold. */
  settled: z.boolean(),
});
type Switch = z.output<typeof Switch>;

const keyOf = (region: string): string => `recovery/dns/${region}.json`;

/** How long the other region may take to be told: it may be the one that is lost. */
const PEER_MS = 5_000;

/** Makes this region the one that names lead to. Called again, it does the same again. */
export const throwSwitch = async (epoch: number, failoverId: string): Promise<{ settled: boolean; found: string }> => {
  const fresh: Switch = { epoch, failoverId, thrownAt: now().toISOString(), settled: false };
  await openDocument(keyOf(settings().region), Switch, fresh);
  const standing = await changeDocument(keyOf(settings().region), Switch, (before) =>
    before.epoch < epoch ? fresh : before,
  );
  return assert(standing);
};

/** For the minutes and days after: what is not settled is said again, unless the other region has taken over since. */
export const holdSwitch = async (): Promise<{ held: boolean; found: string }> => {
  const { region, peer } = settings();
  const mine = await findDocument(keyOf(region), Switch);
  if (!mine || mine.settled) return { held: false, found: 'nothing to hold' };
  const theirs = await switchOf({ bucket: peer.vaultBucket, region: peer.region });
  if (theirs && theirs.epoch > mine.epoch) return { held: false, found: `superseded by ${theirs.failoverId}` };
  const { found } = await assert(mine);
  return { held: true, found };
};

/** The other region's document. What cannot be read stops nothing: customers are held where they are. */
const switchOf = async (vault: Vault): Promise<Switch | undefined> => {
  try {
    return await findDocument(keyOf(vault.region), Switch, { ...vault, signal: AbortSignal.timeout(PEER_MS) });
  } catch (error) {
    logger.warn('the switch of the other region could not be read', { region: vault.region, ...failureOfCall(error) });
    return undefined;
  }
};

/** Withdraws the other region here, and lifts what it says of this one there, if it can be told. */
const assert = async (standing: Switch): Promise<{ settled: boolean; found: string }> => {
  const { region, role, peer } = settings();
  const [own, theirs]: MetricName[] =
    role === 'recovery' ? ['PrimaryWithdrawn', 'RecoveryWithdrawn'] : ['RecoveryWithdrawn', 'PrimaryWithdrawn'];
  // Out of the recovery region nothing but its own switch leads. Back in the primary, lifting is enough where it succeeds.
  if (role === 'recovery') await put(own as MetricName, 1, region);
  try {
    await put(theirs as MetricName, 0, peer.region);
  } catch (error) {
    const { evidence } = failureOfCall(error);
    logger.warn('the other region could not be told', { region: peer.region, evidence });
    if (role === 'primary') await put(own as MetricName, 1, region);
    return { settled: false, found: `${peer.region} was not told: ${evidence}` };
  }
  if (!standing.settled)
    await changeDocument(keyOf(region), Switch, (before) =>
      before.epoch === standing.epoch ? { ...before, settled: true } : before,
    );
  return { settled: true, found: `${peer.region} was told` };
};

/** By the API and not as a log line in embedded metric format: the answer says that CloudWatch has it. */
const put = async (MetricName: MetricName, Value: number, region: string): Promise<void> => {
  await cloudwatch(region).send(
    new PutMetricDataCommand({
      Namespace: NAMESPACE,
      MetricData: [
        {
          ...{ MetricName, Value, Unit: METRICS[MetricName] },
          Dimensions: [{ Name: 'service', Value: settings().service }],
        },
      ],
    }),
    ...(region === settings().region ? [] : [{ abortSignal: AbortSignal.timeout(PEER_MS) }]),
  );
};
