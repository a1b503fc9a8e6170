import {
  DeleteReplicationGroupCommand,
  DescribeReplicationGroupsCommand,
  ElastiCacheClient,
  InvalidReplicationGroupStateFault,
} from '@aws-sdk/client-elasticache';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sweep } from '../../../functions/redis-verification/sweeps.ts';
import { shopPlatform } from '../../support/platform.ts';

const fault = new InvalidReplicationGroupStateFault({ message: 'creating', $metadata: {} });
const group = (name: string, Status = 'available') => ({
  ReplicationGroupId: `lifeboat-test-${name}`,
  Description: `lifeboat-shop-test: shop-cache-20261120t020000z-scheduled-export for test ${name}`,
  ReplicationGroupCreateTime: new Date('2026-11-20T02:00:00Z'),
  Status,
});
let refused: Record<string, Error>;

beforeEach(() => {
  shopPlatform('2026-11-20T02:30:00Z');
  refused = {};
  mockClient(ElastiCacheClient)
    .on(DescribeReplicationGroupsCommand)
    .callsFake(({ ReplicationGroupId }) => {
      const groups = [
        group('one', 'creating'),
        group('two'),
        { ReplicationGroupId: 'shop-cache', Status: 'available' },
      ];
      return {
        ReplicationGroups: groups.filter(
          ({ ReplicationGroupId: id }) => !ReplicationGroupId || id === ReplicationGroupId,
        ),
      };
    })
    .on(DeleteReplicationGroupCommand)
    .callsFake(({ ReplicationGroupId }) => {
      if (refused[ReplicationGroupId]) throw refused[ReplicationGroupId];
      return {};
    });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the sweep of test groups', () => {
  it('removes those whose execution has ended, and no other', async () => {
    expect(await sweep()).toEqual({ removed: ['lifeboat-test-one', 'lifeboat-test-two'], kept: [] });
  });

  it('leaves for the next time what ElastiCache is still making, and goes on with the others', async () => {
    refused['lifeboat-test-one'] = fault;
    expect(await sweep()).toEqual({ removed: ['lifeboat-test-two'], kept: ['lifeboat-test-one'] });
  });

  it('fails where it may not delete', async () => {
    refused['lifeboat-test-two'] = Object.assign(new Error('denied'), { name: 'AccessDenied' });
    await expect(sweep()).rejects.toThrow('denied');
  });
});
