import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Certificates } from './certificates.ts';
import { giveToEngine } from './engine-user.ts';

/** The user of whoever runs the servers. Customers are `default`. */
export const ADMIN = 'lifeboat-admin';

/** The file a server reads at its start, and writes when it saves. */
export const RDB = 'dump.rdb';

export interface RedisSettings {
  port: number;
  /** With them, the server speaks TLS and nothing else. */
  certificates?: Certificates;
  /** What customers log in with; without it, they need no password. */
  password?: string;
  /** Port of the server it is a replica of. */
  primary?: number;
}

/** Writes configuration and certificates into a data directory. */
export const configure = async (data: string, settings: RedisSettings, adminPassword: string): Promise<string> => {
  const { certificates } = settings;
  const file = join(data, 'redis.conf');
  const files: [string, string][] = [[file, `${lines(data, settings, adminPassword).join('\n')}\n`]];
  if (certificates) {
    files.push([join(data, 'ca.pem'), certificates.ca], [join(data, 'server.pem'), certificates.certificate]);
    files.push([join(data, 'server.key'), certificates.key]);
  }
  for (const [path, content] of files) {
    await writeFile(path, content, { mode: 0o600 });
    await giveToEngine(path);
  }
  return file;
};

/** Rules of the customers' user. The password is not in them, only its digest. */
const customer = (password: string | undefined): string[] => [
  'default',
  'reset',
  'on',
  password === undefined ? 'nopass' : `#${sha256(password)}`,
  '~*',
  '&*',
  '+@all',
  ...RESTRICTED.map((command) => `-${command}`),
];

/**
 * "Supported and restricted Valkey and Redis OSS commands" (ElastiCache user guide, read 2026-11). There these commands are
 * unknown; here they are refused.
 */
const RESTRICTED = [
  ...['acl|setuser', 'acl|load', 'acl|save', 'acl|deluser', 'bgrewriteaof', 'bgsave', 'config', 'debug', 'migrate'],
  ...['module', 'psync', 'replicaof', 'save', 'shutdown', 'slaveof', 'sync'],
];

const lines = (
  data: string,
  { port, certificates, password, primary }: RedisSettings,
  adminPassword: string,
): string[] => [
  'bind 127.0.0.1',
  'protected-mode no',
  ...(certificates
    ? ['port 0', `tls-port ${port}`, 'tls-auth-clients no', 'tls-replication yes', ...keyFiles(data)]
    : [`port ${port}`]),
  `user ${customer(password).join(' ')}`,
  `user ${ADMIN} reset on #${sha256(adminPassword)} ~* &* +@all`,
  `masteruser ${ADMIN}`,
  `masterauth ${adminPassword}`,
  ...(primary ? [`replicaof 127.0.0.1 ${primary}`] : []),
  // Nothing is saved but what a snapshot asks for, as in ElastiCache.
  'save ""',
  'appendonly no',
  `dir "${data}"`,
  `dbfilename ${RDB}`,
  'rdb-del-sync-files yes',
  'repl-diskless-sync yes',
  'repl-diskless-sync-delay 0',
  'repl-backlog-size 8mb',
  `pidfile "${join(data, 'redis.pid')}"`,
  'daemonize no',
  // The command line stays as it was: by the data directory in it a server is recognised.
  'set-proc-title no',
];

const keyFiles = (data: string): string[] => [
  `tls-ca-cert-file "${join(data, 'ca.pem')}"`,
  `tls-cert-file "${join(data, 'server.pem')}"`,
  `tls-key-file "${join(data, 'server.key')}"`,
];

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
