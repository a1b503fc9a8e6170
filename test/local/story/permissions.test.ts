import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { JUSTIFICATIONS } from '../../../local/story/justifications.ts';
import { type DeployedPermission, type Justification, judgePermissions } from '../../../local/story/permissions.ts';
import { createProgress } from '../../../local/story/progress.ts';

const permission = (change: Partial<DeployedPermission> = {}): DeployedPermission => ({
  deployment: 'primary',
  owner: 'rdsMeasure',
  action: 'rds:DescribeDBInstances',
  resource: 'arn:aws:rds:here:111122223333:db:*',
  used: false,
  ...change,
});
const because = (change: Partial<Justification> = {}): Justification => ({
  owners: ['rdsMeasure'],
  actions: ['rds:DescribeDBInstances'],
  because: 'a reason',
  ...change,
});

/** What does not hold, and the reasons given. */
const judge = (permissions: DeployedPermission[], justifications: Justification[]) => {
  const progress = createProgress(() => undefined);
  const unused = judgePermissions(permissions, justifications, progress);
  expect(progress.claims()).toBe(2);
  return { failed: progress.failed(), reasons: unused.map((each) => each.because) };
};

describe('a permission that no call needed', () => {
  it('has to be justified, and is named where it is not', () => {
    expect(judge([permission()], []).failed).toEqual([
      'every permission that no call needed today (1 of 1) has a reason to stay: ' +
        'primary rdsMeasure rds:DescribeDBInstances on arn:aws:rds:here:111122223333:db:*',
    ]);
    expect(judge([permission()], [because()])).toEqual({ failed: [], reasons: ['a reason'] });
    expect(judge([permission({ used: true })], [])).toEqual({ failed: [], reasons: [] });
  });

  it.each([
    ['another owner', { owners: ['rdsRestore'] }],
    ['another action', { actions: ['rds:CreateDBSnapshot'] }],
    ['another resource', { resource: '*:there:*' }],
  ])('is not justified by a reason for %s', (_, other) => {
    const { reasons } = judge([permission()], [because(other)]);
    expect(reasons).toEqual([undefined]);
  });

  it('is justified by patterns', () => {
    const pattern = because({ owners: ['rds*'], actions: ['rds:*'], resource: '*:here:*' });
    expect(judge([permission()], [pattern]).failed).toEqual([]);
  });

  it('of several that do the same work is justified where another of them did it, in the same region', () => {
    const shared = because({ owners: ['rdsMeasure', 'rdsOnEvent'], actions: ['*'], whereOneUsesIt: true });
    const used = permission({ owner: 'rdsOnEvent', used: true });
    expect(judge([permission(), used], [shared]).failed).toEqual([]);
    for (const other of [
      { ...used, used: false },
      { ...used, owner: 'rdsReconcile' },
      { ...used, resource: 'elsewhere' },
    ])
      expect(judge([permission(), other], [shared]).reasons[0]).toBeUndefined();
    const elsewhere = { ...used, deployment: 'recovery' as const };
    expect(judge([permission(), elsewhere], [shared]).reasons).toEqual([undefined]);
  });

  it('sleeps with its region: what its twin in the other one used or is excused for, it is excused for', () => {
    const asleep = permission({ deployment: 'recovery' });
    expect(judge([asleep, permission({ used: true })], [])).toEqual({
      failed: [],
      reasons: ['used in the primary region'],
    });
    expect(judge([asleep, permission()], [because()]).reasons).toEqual(['a reason', 'a reason']);
    expect(judge([asleep, permission()], []).reasons).toEqual([undefined, undefined]);
    expect(judge([asleep, permission({ used: true, action: 'rds:Other' })], []).reasons).toEqual([undefined]);
  });
});

it('a reason for what is no longer granted is named, pair by pair', () => {
  const stale = because({ owners: ['rdsMeasure', 'rdsGone'], actions: ['rds:DescribeDBInstances', 'rds:Gone'] });
  expect(judge([permission()], [stale]).failed).toEqual([
    'every such reason is of a permission that is granted: ' +
      'rdsMeasure rds:Gone; rdsGone rds:DescribeDBInstances; rdsGone rds:Gone',
  ]);
});

it('docs/permissions.md gives the reasons that npm start checks', () => {
  const code = (texts: readonly string[]): string => texts.map((text) => `\`${text}\``).join(', ');
  const rows = JUSTIFICATIONS.map(({ owners, actions, resource, whereOneUsesIt, because: reason }) => {
    const what = [code(actions), resource && `on \`${resource}\``, whereOneUsesIt && 'that another of them used'];
    return `| ${code(owners)} | ${what.filter(Boolean).join(' ')} | ${reason} |`;
  });
  const page = readFileSync(path.join(import.meta.dirname, '../../../docs/permissions.md'), 'utf8');
  const table = page.split('\n').filter((line) => line.startsWith('| `'));
  expect(table).toEqual(rows);
});
