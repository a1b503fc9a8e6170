import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { EKSClient } from '@aws-sdk/client-eks';
import { ElastiCacheClient } from '@aws-sdk/client-elasticache';
import { HealthClient } from '@aws-sdk/client-health';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { RDSClient } from '@aws-sdk/client-rds';
import { Route53Client } from '@aws-sdk/client-route-53';
import { S3Client } from '@aws-sdk/client-s3';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';

interface ClientOptions {
  region?: string;
  retryMode: 'standard';
  maxAttempts: number;
  requestHandler: { connectionTimeout: number; requestTimeout: number };
}

/** One client per service and region, for the life of the process. Left out, the region is the function's own. */
const perRegion = <C>(create: (options: ClientOptions) => C): ((region?: string) => C) => {
  const clients = new Map<string | undefined, C>();
  return (region) => {
    let client = clients.get(region);
    if (!client) {
      client = create({
        ...(region === undefined ? {} : { region }),
        retryMode: 'standard',
        maxAttempts: 3,
        requestHandler: { connectionTimeout: 3_000, requestTimeout: 20_000 },
      });
      clients.set(region, client);
    }
    return client;
  };
};

export const cloudwatch = /* @__PURE__ */ perRegion((options) => new CloudWatchClient(options));
export const codebuild = /* @__PURE__ */ perRegion((options) => new CodeBuildClient(options));
/** Its control plane is in us-east-1, whichever region asks. */
export const route53 = /* @__PURE__ */ perRegion((options) => new Route53Client(options));
export const elasticache = /* @__PURE__ */ perRegion((options) => new ElastiCacheClient(options));
export const eks = /* @__PURE__ */ perRegion((options) => new EKSClient(options));
/** Of all regions, asked in us-east-1 or us-east-2. */
export const health = /* @__PURE__ */ perRegion((options) => new HealthClient(options));
/** One for all regions; its API is in us-east-1. What was allowed stays allowed without it. */
export const iam = /* @__PURE__ */ perRegion((options) => new IAMClient(options));
export const lambdas = /* @__PURE__ */ perRegion((options) => new LambdaClient(options));
export const rds = /* @__PURE__ */ perRegion((options) => new RDSClient(options));
/**
 * What is read is verified by us, where it is read: the SDK's own validation ends a stream with an error that has no name.
 * Where S3's stored checksum is enough, a request asks for it by ChecksumMode.
 */
export const s3 = /* @__PURE__ */ perRegion(
  (options) => new S3Client({ ...options, responseChecksumValidation: 'WHEN_REQUIRED' }),
);
export const scheduler = /* @__PURE__ */ perRegion((options) => new SchedulerClient(options));
export const secrets = /* @__PURE__ */ perRegion((options) => new SecretsManagerClient(options));
export const sfn = /* @__PURE__ */ perRegion((options) => new SFNClient(options));
export const sns = /* @__PURE__ */ perRegion((options) => new SNSClient(options));
