import type { Credentials, Region } from '../../types.ts';
import type { FunctionRecord } from './functions.ts';

/** Where Lambda keeps the certificate authorities of AWS; functions name it in NODE_EXTRA_CA_CERTS (developer guide, Node.js 20 and later). */
const LAMBDA_CA = '/var/runtime/ca-cert.pem';
/** The runtime gives the heap nine tenths of the function's memory; the rest is for buffers and the runtime itself. */
const HEAP_SHARE = 0.9;

/** The environment of a function's process: AWS's variables and the function's own. Of the host, only PATH. */
export const environmentOf = (
  region: Region,
  record: FunctionRecord,
  credentials: Credentials,
  { logStream, authorities }: { logStream: string; authorities: string | undefined },
): Record<string, string> => {
  const own = record.environment;
  const { NODE_EXTRA_CA_CERTS: wanted, ...rest } = own;
  const extra = wanted === LAMBDA_CA ? authorities : wanted;
  const heap = Math.floor(record.memory * HEAP_SHARE);
  return {
    ...rest,
    ...(extra && { NODE_EXTRA_CA_CERTS: extra }),
    NODE_OPTIONS: [own.NODE_OPTIONS, `--max-old-space-size=${heap}`].filter(Boolean).join(' '),
    PATH: process.env.PATH ?? '',
    TZ: 'UTC',
    LANG: 'en_US.UTF-8',
    // For the bootstrap, which takes it away before the function's code is loaded.
    LOCAL_NAME_SERVER: region.world.dns.address,
    AWS_REGION: region.name,
    AWS_DEFAULT_REGION: region.name,
    AWS_ENDPOINT_URL: region.endpoint,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_EXECUTION_ENV: `AWS_Lambda_${record.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: record.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(record.memory),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: record.logging.LogGroup ?? `/aws/lambda/${record.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: logStream,
    AWS_LAMBDA_LOG_FORMAT: record.logging.LogFormat ?? 'Text',
    ...(record.logging.ApplicationLogLevel && { AWS_LAMBDA_LOG_LEVEL: record.logging.ApplicationLogLevel }),
    LAMBDA_TASK_ROOT: record.root,
    _HANDLER: record.handler,
  };
};
