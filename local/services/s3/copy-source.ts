import { invalidArgument } from './errors.ts';

export interface CopySource {
  Bucket: string;
  Key: string;
  VersionId?: string;
}

/** `bucket/key`, with or without a slash before it, URL-encoded, optionally followed by `?versionId=…`. */
export const parseCopySource = (text: string | undefined): CopySource => {
  const [path = '', query = ''] = (text ?? '').split('?versionId=');
  const [, bucket, key] = /^\/?([^/]+)\/(.+)$/s.exec(decodeURIComponent(path)) ?? [];
  if (!bucket || !key)
    throw invalidArgument(`Copy source must mention the source bucket and key: bucket/key, found ${text}`);
  return { Bucket: bucket, Key: key, ...(query && { VersionId: query }) };
};
