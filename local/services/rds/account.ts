import type * as sdk from '@aws-sdk/client-rds';
import type { Operation } from '../operation.ts';
import { MANUAL_SNAPSHOTS } from './snapshots.ts';
import type { Rds } from './state.ts';

// "DB instances: 40", "Total storage for all DB instances: 100,000 gibibytes" (RDS quotas, read 2026-11). They are told and not
// enforced here: a machine has room for a handful.
const INSTANCES = 40;
const STORAGE_GIB = 100_000;

interface AccountOperations {
  DescribeAccountAttributes: Operation<
    sdk.DescribeAccountAttributesCommandInput,
    sdk.DescribeAccountAttributesCommandOutput
  >;
}

export const accountOperations = (rds: Rds): AccountOperations => ({
  async DescribeAccountAttributes() {
    const instances = [...rds.instances.values()];
    const quota = (AccountQuotaName: string, Used: number, Max: number) => ({ AccountQuotaName, Used, Max });
    return {
      AccountQuotas: [
        quota('DBInstances', instances.length, INSTANCES),
        quota(
          'AllocatedStorage',
          instances.reduce((sum, { settings }) => sum + settings.allocatedStorage, 0),
          STORAGE_GIB,
        ),
        quota(
          'ManualSnapshots',
          [...rds.snapshots.values()].filter(({ type }) => type === 'manual').length,
          MANUAL_SNAPSHOTS,
        ),
      ],
    };
  },
});
