import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Certificates } from './certificates.ts';
import { giveToEngine } from './engine-user.ts';

/** The superuser, as RDS calls it. It never leaves this machine's loopback. */
export const ADMIN = 'rdsadmin';

export interface Recovery {
  /** Directory of archived WAL to replay from; only ever read. */
  archive: string;
  /** The machine's time to stop at; without it, replay goes to the archive's end. */
  until?: Date;
}

export interface ServerSettings {
  port: number;
  certificates: Certificates;
  /** Where finished WAL segments go. Without it nothing is archived. */
  archive?: string;
  /** Replays archived WAL, then opens as a primary of its own. */
  recovery?: Recovery;
  /** Streams from this primary, through this slot. */
  standbyOf?: { port: number; slot: string; password: string };
  /** False for servers that are thrown away after reading: nothing is forced to disk, a crash of the machine loses them. */
  durable: boolean;
}

/** Writes everything that is ours into a data directory: nothing of the server it was copied from stays in force. */
export const configure = async (data: string, settings: ServerSettings): Promise<void> => {
  const files: [string, string][] = [
    ['postgresql.conf', `${lines(settings).join('\n')}\n`],
    ['pg_hba.conf', HBA],
    ['server.pem', settings.certificates.certificate],
    ['server.key', settings.certificates.key],
  ];
  if (settings.standbyOf) files.push(['standby.signal', '']);
  if (settings.recovery) files.push(['recovery.signal', '']);
  for (const [name, content] of files) {
    await writeFile(join(data, name), content, { mode: 0o600 });
    await giveToEngine(join(data, name));
  }
};

// Users have to speak TLS, as RDS demands from PostgreSQL 15 on (rds.force_ssl).
const HBA = `host    all         ${ADMIN} 127.0.0.1/32 scram-sha-256
host    replication ${ADMIN} 127.0.0.1/32 scram-sha-256
hostssl all         all      127.0.0.1/32 scram-sha-256
`;

const lines = (settings: ServerSettings): string[] => [
  "listen_addresses = '127.0.0.1'",
  `port = ${settings.port}`,
  "unix_socket_directories = ''",
  'ssl = on',
  "ssl_cert_file = 'server.pem'",
  "ssl_key_file = 'server.key'",
  'password_encryption = scram-sha-256',
  'max_connections = 60',
  'shared_buffers = 32MB',
  'dynamic_shared_memory_type = mmap',
  'max_wal_size = 512MB',
  'min_wal_size = 16MB',
  'wal_level = replica',
  'max_wal_senders = 10',
  'max_replication_slots = 10',
  "timezone = 'UTC'",
  "log_timezone = 'UTC'",
  "lc_messages = 'C'",
  'update_process_title = off',
  `fsync = ${settings.durable ? 'on' : 'off'}`,
  ...archiving(settings.archive),
  ...recovering(settings.recovery),
  ...following(settings.standbyOf),
];

// Segments closed early are mostly zeros, which need no room where the file system has holes.
const COPY = process.platform === 'linux' ? 'cp -p --sparse=always' : 'cp -p';

// A segment appears in the archive whole or not at all; its time stays that of the last write, which says how far it reaches.
const archiving = (archive: string | undefined): string[] =>
  archive
    ? [
        'archive_mode = on',
        'archive_timeout = 5s',
        `archive_command = ${quote(`test ! -f "${archive}/%f" && ${COPY} "%p" "${archive}/.%f" && mv "${archive}/.%f" "${archive}/%f"`)}`,
      ]
    : ['archive_mode = off'];

const recovering = (recovery: Recovery | undefined): string[] =>
  recovery
    ? [
        // Closed to clients until it is a primary: whoever gets in sees the final state.
        'hot_standby = off',
        `restore_command = ${quote(`cp "${recovery.archive}/%f" "%p"`)}`,
        ...(recovery.until
          ? [`recovery_target_time = ${quote(asTimestamp(recovery.until))}`, "recovery_target_action = 'promote'"]
          : []),
      ]
    : [];

const following = (primary: ServerSettings['standbyOf']): string[] =>
  primary
    ? [
        'hot_standby = on',
        'hot_standby_feedback = on',
        `primary_conninfo = ${quote(`host=127.0.0.1 port=${primary.port} user=${ADMIN} password=${primary.password}`)}`,
        `primary_slot_name = ${quote(primary.slot)}`,
        'wal_retrieve_retry_interval = 1s',
      ]
    : [];

/** The setting takes an offset, but not the letter Z. */
const asTimestamp = (time: Date): string => time.toISOString().replace('T', ' ').replace('Z', '+00');

const quote = (value: string): string => `'${value.replaceAll("'", "''")}'`;
