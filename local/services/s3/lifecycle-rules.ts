import type { LifecycleRule, Tag } from '@aws-sdk/client-s3';
import type { StoredObject } from './bucket.ts';
import { assertStorageClass } from './description.ts';
import { invalidArgument, malformed } from './errors.ts';

/** @throws MalformedXML or InvalidArgument, where S3 would refuse the rules. */
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
  if (rule.Filter === undefined && rule.Prefix === undefined)
    throw malformed(`${where}: a Filter is missing; {} means every object.`);
  for (const { StorageClass } of [...(rule.Transitions ?? []), ...(rule.NoncurrentVersionTransitions ?? [])])
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
  const {
    Expiration,
    Transitions,
    NoncurrentVersionExpiration,
    NoncurrentVersionTransitions,
    AbortIncompleteMultipartUpload,
  } = rule;
  if (
    !(
      Expiration ??
      Transitions ??
      NoncurrentVersionExpiration ??
      NoncurrentVersionTransitions ??
      AbortIncompleteMultipartUpload
    )
  )
    throw malformed(`${where}: at least one action needs to be specified.`);
};

/** Whether a rule is about this object. */
export const ruleCovers = (rule: LifecycleRule, object: Pick<StoredObject, 'key' | 'tags' | 'bytes'>): boolean => {
  const { And, ...single } = rule.Filter ?? { Prefix: rule.Prefix };
  const filter = And ?? { ...single, Tags: single.Tag ? [single.Tag] : [] };
  return (
    object.key.startsWith(filter.Prefix ?? '') &&
    (filter.Tags ?? []).every((tag) => hasTag(object.tags, tag)) &&
    object.bytes > (filter.ObjectSizeGreaterThan ?? -1) &&
    object.bytes < (filter.ObjectSizeLessThan ?? Number.POSITIVE_INFINITY)
  );
};

export const namesSize = (rule: LifecycleRule): boolean => {
  const filter = rule.Filter?.And ?? rule.Filter;
  return filter?.ObjectSizeGreaterThan !== undefined || filter?.ObjectSizeLessThan !== undefined;
};

export const hasTag = (tags: Tag[], wanted: Tag): boolean =>
  tags.some(({ Key, Value }) => Key === wanted.Key && Value === wanted.Value);
