// Numbers that come from AWS, with where they stand. Seen 2026-11.

/** Snapshot copies in progress to one region of one account ("Quotas and constraints for Amazon RDS"). */
export const COPIES_IN_FLIGHT = 20;

/** Manual snapshots of one cache node within 24 hours, those that were deleted since among them ("Backup constraints", ElastiCache user guide). */
export const NODE_SNAPSHOTS_A_DAY = 20;

/** Export tasks at one time in one account ("Exporting DB snapshot data to Amazon S3", limitations). */
export const EXPORTS_AT_ONCE = 5;
