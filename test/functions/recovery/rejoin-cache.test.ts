import {
  DeleteReplicationGroupCommand,
  DescribeReplicationGroupsCommand,
  ElastiCacheClient,
  type ElastiCacheClientResolvedConfig,
  InvalidReplicationGroupStateFault,
  ReplicationGroupNotFoundFault,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-elasticache';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { retireCache } from '../../../functions/recovery/rejoin-cache.ts';
import type { Way } from '../../../functions/recovery/rejoin-way.ts';
import { rdsSourceNamed } from '../../../shared/config/platform.ts';
import type { Epoch } from '../../../shared/recovery/documents.ts';
import { Rejoin, rejoinKey } from '../../../shared/recovery/rejoin.ts';
import { PRIMARY, RECOVERY, stubEnvironment } from '../../support/environment.ts';
import { ID, type RecoveryRegion, recoveryRegion, TIME } from '../../support/recovery.ts';

let region: RecoveryRegion;
let cache: ReturnType<typeof mockClient<ServiceInputTypes, ServiceOutputTypes, ElastiCacheClientResolvedConfig>>;
let status: string | undefined;
const key = rejoinKey(ID, PRIMARY);
const way = (): Way => ({
  ...{ name: 'shop-db', source: rdsSourceNamed('shop-db'), here: 'shop-db', there: 'shop-db-replica', key },
  move: { failoverId: ID } as Epoch,
});
const record = () => Rejoin.parse(JSON.parse(region.vault.text(key)));
const fault = { message: 'no', $metadata: {} };

beforeEach(async () => {
  region = recoveryRegion();
  stubEnvironment({ AWS_REGION: PRIMARY, LIFEBOAT_ROLE: 'primary', PEER_REGION: RECOVERY });
  await region.vault.place(key, JSON.stringify({ startedAt: TIME, tables: [] }));
  status = 'available';
  cache = mockClient(ElastiCacheClient);
  cache.on(DescribeReplicationGroupsCommand).callsFake(() => {
    if (status === undefined) throw new ReplicationGroupNotFoundFault(fault);
    return { ReplicationGroups: [{ ReplicationGroupId: 'shop-cache', Status: status }] };
  });
  cache.on(DeleteReplicationGroupCommand).callsFake(() => {
    status = 'deleting';
    return {};
  });
});
afterEach(() => {
  vi.useRealTimers();
});
const deletions = () => cache.commandCalls(DeleteReplicationGroupCommand).map(({ args: [{ input }] }) => input);

describe('the cache of a region that was left', () => {
  it('goes once, with a last snapshot that is noted before, and is waited for', async () => {
    expect(await retireCache(way(), record())).toMatchObject({
      done: false,
      found: expect.stringContaining('being deleted'),
    });
    expect(deletions()).toEqual([
      { ReplicationGroupId: 'shop-cache', FinalSnapshotIdentifier: `shop-cache-left-${ID}` },
    ]);
    expect(record().cacheRetired).toBe(`shop-cache-left-${ID}`);
    expect(await retireCache(way(), record())).toMatchObject({ done: false, found: 'shop-cache is deleting' });
    status = undefined;
    expect(await retireCache(way(), record())).toBeUndefined();
    expect(deletions()).toHaveLength(1);
  });

  it('is waited for where ElastiCache is deleting it already, after an answer that was lost', async () => {
    cache.on(DeleteReplicationGroupCommand).rejects(new InvalidReplicationGroupStateFault(fault));
    expect(await retireCache(way(), record())).toMatchObject({ done: false });
  });

  it('is none of our business where there is none', async () => {
    status = undefined;
    expect(await retireCache(way(), record())).toBeUndefined();
    expect(record().cacheRetired).toBeUndefined();
  });

  it('stays where ElastiCache refuses', async () => {
    cache.on(DeleteReplicationGroupCommand).rejects(Object.assign(new Error('denied'), { name: 'AccessDenied' }));
    await expect(retireCache(way(), record())).rejects.toThrow('denied');
  });
});
