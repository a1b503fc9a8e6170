// A region that was left gets ready to take the platform back: what its old database and the living one do not share is
// written down, the old one is kept under another name, a replica of the living one takes its place, and the old cache makes
// room. Going back is then
// a failover in the other direction. Every call looks at what is there and takes the next step.
import type { DBInstance } from '@aws-sdk/client-rds';
import { z } from 'zod';
import { now } from '../../shared/clock.ts';
import { configuration } from '../../shared/config/platform.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { findInstance } from '../../shared/rds/instances.ts';
import { Rejoin } from '../../shared/recovery/rejoin.ts';
import { openDocument } from '../../shared/vault/documents.ts';
import { InstanceUnusable, NameNotConfirmed } from './errors.ts';
import { STUCK } from './instance-states.ts';
import { retireCache } from './rejoin-cache.ts';
import { compareDatabases } from './rejoin-comparison.ts';
import { follow, replicate, setAside } from './rejoin-replica.ts';
import { type RejoinStep, type Way, wait, wayOf } from './rejoin-way.ts';

export const RejoinRequest = z.strictObject({
  /** The platform's name, typed: the old database of this region loses its name to a replica. */
  platform: z.string(),
});

/** A replica of a large database takes days, and an execution may have 25,000 events (Step Functions quotas, 2026-11): nine a look. */
const AT_WORK_SECONDS = 120;

/** @throws {NameNotConfirmed} {PlatformHere} {ResidenceUnknown} {NotFenced} {InstanceUnusable} and what logging in may throw. */
export const rejoin = async (
  { platform }: z.output<typeof RejoinRequest>,
  work: Pick<Work, 'signal'>,
): Promise<RejoinStep> => {
  assertName(platform);
  const way = await wayOf();
  const { value: record } = await openDocument(way.key, Rejoin, { startedAt: now().toISOString(), tables: [] });
  const instance = await findInstance(way.here);
  if (instance) assertUsable(way, instance);
  if (instance && instance.DBInstanceStatus !== 'available')
    return wait(`${way.here} is ${instance.DBInstanceStatus}`, AT_WORK_SECONDS);
  const follows = instance?.ReadReplicaSourceDBInstanceIdentifier !== undefined;
  if (!record.comparedAt && !follows) return compareDatabases(way, record, instance, work.signal);
  const retiring = await retireCache(way, record);
  if (retiring) return retiring;
  if (instance && follows) return follow(way, instance, work.signal);
  return instance ? setAside(way, instance, work.signal) : replicate(way, record);
};

const assertName = (typed: string): void => {
  const { platform } = configuration();
  if (typed === platform) return;
  throw new NameNotConfirmed('to put a replica in the place of the old database needs the platform’s name.', {
    source: platform,
    expected: platform,
    found: typed,
    next: 'Nothing was changed. Type the name of the platform that is meant.',
  });
};

const assertUsable = ({ name, here }: Way, { DBInstanceStatus: status = '' }: DBInstance): void => {
  if (!STUCK.includes(status)) return;
  throw new InstanceUnusable('the instance of this region is in a state it does not leave by itself.', {
    source: name,
    expected: `${here} available`,
    found: status,
    next: `Mend it, or take a last snapshot of ${here} and delete it: a replica of the living database is then made in its place.`,
  });
};
