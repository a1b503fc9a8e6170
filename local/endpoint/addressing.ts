// S3's URIs carry the bucket as their first segment or in the host name; the SDK's schemas leave it to the endpoint.

export interface Addressed {
  /** Still encoded. */
  path: string;
  given: { Bucket?: string };
}

const VIRTUAL_HOST = /^(.+?)\.(?:localhost|s3[.-].*amazonaws\.com)(?::\d+)?$/;

export const bucketOf = (path: string, host = ''): Addressed => {
  const [, hosted] = VIRTUAL_HOST.exec(host) ?? [];
  if (hosted) return { path, given: { Bucket: hosted } };
  const [, bucket, rest] = /^\/([^/]*)(\/.*)?$/s.exec(path) ?? [];
  return bucket ? { path: rest ?? '/', given: { Bucket: decodeURIComponent(bucket) } } : { path: '/', given: {} };
};
