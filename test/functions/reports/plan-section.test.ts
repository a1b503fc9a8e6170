import { GetObjectCommand, NoSuchKey, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { gatherPlan } from '../../../functions/reports/plan-gathering.ts';
import { planSection } from '../../../functions/reports/plan-section.ts';
import { type Plan, planKey } from '../../../shared/recovery/plan.ts';
import { PRIMARY, RECOVERY, stubEnvironment, VAULT } from '../../support/environment.ts';
import { failure } from '../../support/vault.ts';

const plan: Plan = {
  ...{ at: '2026-11-20T06:30:00.000Z', platform: 'shop', from: PRIMARY, to: RECOVERY, phases: [], assessedAt: null },
  headline: ['WORSE THAN PROMISED: 901 s of <shop-db> would be lost.', 'Customers served after about 60 s.'],
  expected: { rtoSeconds: 60, decidingSeconds: 0, objectiveSeconds: 3600 },
  ...{ dataLoss: [], readiness: [], quotas: [], notChecked: [], notRecovered: [] },
};

describe('the plan in the report', () => {
  it('is its headline, what is worse than promised marked, and where the runbook stands', () => {
    const { text } = planSection({ plan, vault: 'their-vault' }, '2026-11-22T07:00:00Z');
    expect(text).toContain('<li class="bad">WORSE THAN PROMISED: 901 s of &lt;shop-db&gt; would be lost.</li>');
    expect(text).toContain('<li class="">Customers served after about 60 s.</li>');
    expect(text).toContain(`s3://their-vault/recovery/plan/${RECOVERY}.md`);
    expect(text).not.toContain('more than a week old');
  });

  it('says that it is old', () => {
    const { text } = planSection({ plan, vault: 'v' }, '2026-11-28T07:00:00Z');
    expect(text).toContain('more than a week old');
  });
});

describe('the plan that is reported', () => {
  /** Documents by bucket and key. */
  let there: () => Plan | undefined;
  let here: Plan | undefined;
  beforeEach(() => {
    stubEnvironment();
    there = () => undefined;
    here = undefined;
    mockClient(S3Client)
      .on(GetObjectCommand)
      .callsFake(({ Bucket, Key }) => {
        const wanted = Bucket === VAULT ? planKey(PRIMARY) : planKey(RECOVERY);
        const found = Key === wanted ? (Bucket === VAULT ? here : there()) : undefined;
        if (!found) throw new NoSuchKey({ message: Key, $metadata: { httpStatusCode: 404 } });
        return { ETag: '"1"', Body: { transformToString: async () => JSON.stringify(found) } };
      });
  });

  it('is that of leaving this region, which stands in the other one', async () => {
    there = () => plan;
    here = { ...plan, from: RECOVERY, to: PRIMARY };
    expect(await gatherPlan()).toEqual({ plan, vault: `${VAULT}-${RECOVERY}` });
  });

  it.each<[string, () => never]>([
    [
      'does not answer',
      () => {
        throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
      },
    ],
    [
      'has no vault yet',
      () => {
        throw failure('NoSuchBucket', 404);
      },
    ],
  ])('is that of having come here where the other region %s; the report is written all the same', async (_, refuse) => {
    there = refuse;
    expect(await gatherPlan()).toBeUndefined();
    here = { ...plan, from: RECOVERY, to: PRIMARY };
    expect(await gatherPlan()).toEqual({ plan: here, vault: VAULT });
  });

  it('is left out where another version wrote it', async () => {
    there = () => ({ ...plan, headline: 'not a list' }) as unknown as Plan;
    expect(await gatherPlan()).toBeUndefined();
  });

  it('fails the report where the fault is our own', async () => {
    there = () => {
      throw new TypeError('ours');
    };
    await expect(gatherPlan()).rejects.toThrow('ours');
  });
});
