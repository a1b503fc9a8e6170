/** States that an instance does not leave by itself (RDS user guide, "Viewing Amazon RDS DB instance status", 2026-11). */
export const STUCK: readonly string[] = [
  'failed',
  'restore-error',
  'incompatible-restore',
  'incompatible-network',
  'incompatible-parameters',
  'incompatible-option-group',
  'incompatible-create',
  'inaccessible-encryption-credentials',
  'inaccessible-encryption-credentials-recoverable',
  'insufficient-capacity',
  'storage-full',
];
