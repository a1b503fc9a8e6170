// The token EKS wants: a presigned GetCallerIdentity of STS with the cluster's name signed into it. Made here, sent to the
// cluster only; the cluster asks STS who signed it (aws-iam-authenticator pkg/token, AWS CLI `eks get-token`, 2026-11).
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';

type Credentials = ConstructorParameters<typeof SignatureV4>[0]['credentials'];

/** As `aws eks get-token` writes it; STS takes the link for 15 minutes whatever it says. */
const EXPIRES_SECONDS = 60;

/** Good for 15 minutes. */
export const clusterToken = async (cluster: string, region: string, credentials: Credentials): Promise<string> => {
  const hostname = `sts.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
  const signer = new SignatureV4({ credentials, region, service: 'sts', sha256: Sha256 });
  const { query = {} } = await signer.presign(
    {
      method: 'GET',
      protocol: 'https:',
      hostname,
      path: '/',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      // The cluster adds the header when it asks STS: it is signed, and not part of the link.
      headers: { host: hostname, 'x-k8s-aws-id': cluster },
    },
    { expiresIn: EXPIRES_SECONDS },
  );
  const search = new URLSearchParams(query as Record<string, string>);
  return `k8s-aws-v1.${Buffer.from(`https://${hostname}/?${search}`).toString('base64url')}`;
};
