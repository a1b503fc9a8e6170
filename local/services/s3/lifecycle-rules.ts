import type { LifecycleRule } from '@aws-sdk/client-s3';
import { assertStorageClass } from './description.ts';
import { invalidArgument, malformed } from './errors.ts';
import { refuseOthers } from './setting-rules.ts';

const OFFERED = [
  ...['ID', 'Status', 'Filter', 'Prefix', 'Expiration', 'Transitions', 'Days', 'StorageClass'],
  ...['NoncurrentVersionExpiration', 'NoncurrentDays', 'AbortIncompleteMultipartUpload', 'DaysAfterInitiation'],
];

/** @throws MalformedXML or InvalidArgument, where S3 would refuse the rules; NotImplemented for what is not carried out here. */
export const checkedLifecycle = (rules: LifecycleRule[]): LifecycleRule[] => {
  if (rules.length === 0 || rules.length > 1000)
    throw malformed(`A lifecycle has 1 to 1000 rules, found ${rules.length}.`);
  const named = rules.map((rule, index) => ({ ...rule, ID: rule.ID ?? `rule-${index + 1}` }));
  if (new Set(named.map(({ ID }) => ID)).size < named.length) throw invalidArgument('Rule ID must be unique.');
  for (const rule of named) check(rule);
  return named;
};

const check = (rule: LifecycleRule & { ID: string }): void => {
  const where = `lifecycle rule ${rule.ID}`;
  if (rule.Status !== 'Enabled' && rule.Status !== 'Disabled')
    throw malformed(`${where}: Status is Enabled or Disabled.`);
  refuseOthers(where, rule, OFFERED);
  if (rule.Filter === undefined) throw malformed(`${where}: a Filter is missing; {} means every object.`);
  for (const { StorageClass } of rule.Transitions ?? [])
    assertStorageClass(StorageClass ?? '', (message) => malformed(`${where}: ${message}`));
  const days = (rule.Transitions ?? []).map(({ Days = 0, StorageClass }) => ({ Days, StorageClass }));
  const early = days.find(({ Days, StorageClass }) => StorageClass === 'STANDARD_IA' && Days < 30);
  if (early)
    throw invalidArgument(
      `${where}: 'Days' in Transition action must be greater than or equal to 30 for storageClass 'STANDARD_IA'`,
    );
  const expires = rule.Expiration?.Days;
  if (expires !== undefined && days.some(({ Days }) => Days >= expires))
    throw invalidArgument(
      `${where}: 'Days' in the Expiration action must be greater than 'Days' in the Transition action`,
    );
  const { Expiration, Transitions, NoncurrentVersionExpiration, AbortIncompleteMultipartUpload } = rule;
  if (!(Expiration ?? Transitions ?? NoncurrentVersionExpiration ?? AbortIncompleteMultipartUpload))
    throw malformed(`${where}: at least one action needs to be specified.`);
};
