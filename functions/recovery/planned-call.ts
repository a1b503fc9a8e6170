import { settings } from '../../shared/config/settings.ts';
import { type Phase, phaseKey } from '../../shared/recovery/documents.ts';

/** What IAM would be asked about one call. Where the call names something made up, any name of the kind does. */
export interface Need {
  action: string;
  resource: string;
  /** Condition keys that the call itself has. */
  context?: Record<string, string[]>;
}

export interface Call {
  call: string;
  on: string;
  region: string;
  /** A failure of it does not stop the phase. */
  bestEffort?: boolean;
  needs: Need[];
  /** Who decides instead, where IAM has no say. */
  decidedBy?: string;
}

export const arn = (service: string, region: string, resource: string): string =>
  `arn:aws:${service}:${region}:${settings().account}:${resource}`;

/** ARNs of objects name no region and no account. */
export const objectArn = (bucket: string, key: string): string => `arn:aws:s3:::${bucket}/${key}`;

export const bucketArn = (bucket: string): string => `arn:aws:s3:::${bucket}`;

/** Stands for the id that the failover will have. */
const NEXT = 'next';

/** Each phase reads the epoch and keeps its record. Without the listing S3 answers 403 for what is not there. */
export const keepRecord = (phase: Phase): Call[] => {
  const { vaultBucket, vaultKeyArn, region } = settings();
  const key = phaseKey(NEXT, phase);
  return [
    {
      ...{ call: 's3:GetObject', on: `s3://${vaultBucket}/recovery/…`, region },
      needs: [
        { action: 's3:GetObject', resource: objectArn(vaultBucket, key) },
        { action: 's3:ListBucket', resource: bucketArn(vaultBucket) },
        { action: 'kms:Decrypt', resource: vaultKeyArn },
      ],
    },
    {
      ...{ call: 's3:PutObject', on: `s3://${vaultBucket}/${phaseKey('<failoverId>', phase)}`, region },
      needs: [
        { action: 's3:PutObject', resource: objectArn(vaultBucket, key) },
        { action: 'kms:GenerateDataKey', resource: vaultKeyArn },
      ],
    },
  ];
};

export const readCatalog = (): Call => {
  const { vaultBucket, vaultKeyArn, region } = settings();
  return {
    ...{ call: 's3:GetObject', on: `s3://${vaultBucket}/catalog/…`, region },
    needs: [
      { action: 's3:GetObject', resource: objectArn(vaultBucket, 'catalog/any.json') },
      { action: 's3:ListBucket', resource: bucketArn(vaultBucket) },
      { action: 'kms:Decrypt', resource: vaultKeyArn },
    ],
  };
};

/** The end of a secret's ARN is random: IAM policies of this service leave it open. */
export const readSecret = (secret: string, region: string): Call => ({
  ...{ call: 'secretsmanager:GetSecretValue', on: secret, region },
  needs: [
    { action: 'secretsmanager:GetSecretValue', resource: arn('secretsmanager', region, `secret:${secret}-000000`) },
  ],
});

/** What is told is remembered in the vault; the topics are encrypted with its key. */
export const publish = (topic: string): Call => {
  const { topicArnPrefix, region, vaultBucket, vaultKeyArn } = settings();
  const remembered = objectArn(vaultBucket, 'notifications/any.json');
  return {
    ...{ call: 'sns:Publish', on: `${topicArnPrefix}${topic}`, region },
    needs: [
      { action: 'sns:Publish', resource: `${topicArnPrefix}${topic}` },
      ...['s3:GetObject', 's3:PutObject'].map((action) => ({ action, resource: remembered })),
      ...['kms:GenerateDataKey', 'kms:Decrypt'].map((action) => ({ action, resource: vaultKeyArn })),
    ],
  };
};

export const sql = (statement: string, instance: string, region: string, secret: string): Call => ({
  ...{ call: `SQL ${statement}`, on: instance, region, needs: [] },
  decidedBy: `the database, for the login in ${secret}`,
});
