// How fast topics are archived and restored, and with how much memory, beside what one would use instead, on one broker in one run:
// `npm run bench:kafka`; shorter with --megabytes 20 --records 200 --codecs none --partitions 1.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Admin } from '@platformatic/kafka';
import { startKafka } from '../local/engines/kafka.ts';
import { kafkaCommand } from '../local/engines/kafka-binaries.ts';
import { createWorld } from '../local/world.ts';
import { bundleKafkaFunctions } from '../test/support/kafka-bundle.ts';
import { type Taken, take } from './processes.ts';

const USAGE = `--megabytes 100        of each topic that is compared
--records 200,10000    sizes of records, in bytes
--codecs none,zstd
--partitions 1,4
--memory 100,300,1000  megabytes of the topics whose archive is looked at for memory; 5000 takes two minutes more
--many 1000            partitions of the topic with many; 0 leaves it out`;

const list = (text: string): string[] => text.split(',').filter(Boolean);
const { values } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '100' },
    records: { type: 'string', default: '200,10000' },
    codecs: { type: 'string', default: 'none,zstd' },
    partitions: { type: 'string', default: '1,4' },
    memory: { type: 'string', default: '100,300,1000' },
    many: { type: 'string', default: '1000' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.error(USAGE);
  process.exit(2);
}
try {
  execFileSync('kcat', ['-V'], { stdio: 'ignore' });
} catch {
  console.error('kcat was not found in PATH. Install it (Debian: apt-get install kcat; macOS: brew install kcat).');
  process.exit(2);
}

const REGION = 'us-east-1';
/** At most, of the process that archives, however large a topic is. */
const MEMORY_MB = 256;
const directory = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-bench-'));
const functions = await bundleKafkaFunctions(directory);
const kafka = await startKafka({
  directory: path.join(directory, 'kafka'),
  // A thousand partitions on one broker: their indexes are files of this size each.
  properties: {
    'log.retention.ms': '-1',
    'log.index.size.max.bytes': '1048576',
    'log.flush.interval.messages': '9223372036854775807',
  },
});
const world = await createWorld({ directory: path.join(directory, 'region'), regions: [REGION] });
const region = world.region(REGION);
const { operator, operatorCredentials } = world.iam;
const ask = <T>(service: string, operation: string, input: object) =>
  region.call<T>(service, operation, input, operator);
const { KeyMetadata } = await ask<{ KeyMetadata: { Arn: string } }>('kms', 'CreateKey', {});

const quoted = (words: readonly string[]): string =>
  words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
const tool = (mainClass: string, ...args: string[]): string => quoted(kafkaCommand(mainClass, args).flat());
const server = ['--bootstrap-server', kafka.bootstrap];
const admin = new Admin({ clientId: 'bench', bootstrapBrokers: kafka.bootstrap.split(',') });
const create = (topic: string, partitions: number) => admin.createTopics({ topics: [topic], partitions, replicas: 1 });
const remove = (...topics: string[]) => admin.deleteTopics({ topics });
const fill = (topic: string, records: number, size: number, codec: string) =>
  take(
    `${tool(
      'org.apache.kafka.tools.ProducerPerformance',
      ...['--topic', topic, '--num-records', `${records}`, '--record-size', `${size}`, '--throughput', '-1'],
      ...['--producer-props', `bootstrap.servers=${kafka.bootstrap}`, `compression.type=${codec}`],
      ...['batch.size=131072', 'linger.ms=20'],
    )} >&2`,
  );

let vaults = 0;
/** An empty vault: the next archive is a first one. */
const newVault = async (): Promise<Record<string, string>> => {
  const Bucket = `vault-${++vaults}`;
  await ask('s3', 'CreateBucket', { Bucket });
  await ask('s3', 'PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Enabled' } });
  const other = { PEER_REGION: 'us-west-2', PEER_VAULT_BUCKET: 'none', PEER_VAULT_KEY_ARN: 'arn:none' };
  return {
    ...{ AWS_REGION: REGION, AWS_ENDPOINT_URL: region.endpoint, VAULT_BUCKET: Bucket, VAULT_KEY_ARN: KeyMetadata.Arn },
    ...{ AWS_ACCESS_KEY_ID: operatorCredentials.accessKeyId, LIFEBOAT_ACCOUNT: '111122223333', ...other },
    ...{
      AWS_SECRET_ACCESS_KEY: operatorCredentials.secretAccessKey,
      LIFEBOAT_ROLE: 'primary',
      EXCHANGE_BUCKET: 'none',
    },
    ...{ LIFEBOAT_SERVICE: 'lifeboat-shop-bench', TOPIC_ARN_PREFIX: 'arn:none', EXPORT_ROLE_ARN: 'arn:none' },
  };
};
const run = async (job: string, request: object, env: Record<string, string>): Promise<Taken & { said: Said }> => {
  const taken = await take(quoted([process.execPath, functions, job, JSON.stringify(request)]), env);
  return { ...taken, said: JSON.parse(taken.output.trim().split('\n').at(-1) ?? '') };
};
interface Said {
  recoveryPoint: string;
  records: number;
  /** Without the start of the process. */
  seconds: number;
}
const source = (topic: string) => ({ source: 'shop-events', bootstrap: kafka.bootstrap.split(','), topics: [topic] });
const archive = (topic: string, env: Record<string, string>) =>
  run('archive', { ...source(topic), scheduledAt: '2026-11-20T03:00:00Z' }, env);
const stored = async ({ VAULT_BUCKET: Bucket }: Record<string, string>): Promise<number> => {
  const { Contents = [] } = await ask<{ Contents?: { Key: string; Size: number }[] }>('s3', 'ListObjectsV2', {
    Bucket,
  });
  return Contents.filter(({ Key }) => Key.endsWith('.batches')).reduce((sum, { Size }) => sum + Size, 0);
};
const emptied = async ({ VAULT_BUCKET: Bucket }: Record<string, string>): Promise<void> => {
  const { Versions = [] } = await ask<{ Versions?: { Key: string; VersionId: string }[] }>('s3', 'ListObjectVersions', {
    Bucket,
  });
  for (const { Key, VersionId } of Versions) await ask('s3', 'DeleteObject', { Bucket, Key, VersionId });
};

const row = (...cells: (string | number)[]): string => `| ${cells.join(' | ')} |`;
const rows: string[] = [];
const missed: string[] = [];
const print = (...cells: (string | number)[]): void => {
  rows.push(row(...cells));
  console.error(rows.at(-1));
};

/** One line: seconds without the start of the process where that is ours and said. */
const line = (
  what: string,
  taken: Taken,
  { records, bytes, kept }: { records: number; bytes: number; kept?: number },
  than?: number,
) => {
  const seconds = 'said' in taken ? (taken as Taken & { said: Said }).said.seconds : taken.seconds;
  print(
    what,
    seconds.toFixed(2),
    (bytes / seconds / 1e6).toFixed(0),
    Math.round(records / seconds).toLocaleString('en'),
    taken.cpuSeconds.toFixed(2),
    Math.round(taken.peakMegabytes),
    kept === undefined ? '' : (kept / 1e6).toFixed(0),
    than === undefined ? '' : (than / seconds).toFixed(1),
  );
  return seconds;
};

const compareOne = async (size: number, codec: string, partitions: number): Promise<void> => {
  const records = Math.floor((Number(values.megabytes) * 1e6) / size);
  const topic = `t-${size}-${codec}-${partitions}`;
  await create(topic, partitions);
  await fill(topic, records, size, codec);
  const of = `${size} B, ${codec}, ${partitions} ${partitions === 1 ? 'partition' : 'partitions'}`;
  const amount = { records, bytes: records * size };
  const file = path.join(directory, 'records.txt');
  const env = await newVault();
  const kcat = await take(`kcat -C -q -e -b ${kafka.bootstrap} -t ${topic} -o beginning > ${file}`);
  const ours = await archive(topic, env);
  if (ours.said.records !== records)
    throw new Error(`${ours.said.records} of ${records} records of ${topic} were archived.`);
  const zipped = `${file}.gz`;
  const consumer = tool(
    'org.apache.kafka.tools.consumer.ConsoleConsumer',
    ...server,
    '--topic',
    topic,
    '--from-beginning',
    '--max-messages',
    `${records}`,
  );
  const documents = await take(`${consumer} 2>/dev/null | gzip -9 > ${zipped}`);
  print(`**${of}**`, '', '', '', '', '', '', '');
  const seconds = line('archive', ours, { ...amount, kept: await stored(env) });
  line('`kcat -C` to a file', kcat, { ...amount, kept: statSync(file).size });
  const slow = line('`kafka-console-consumer \\| gzip -9`', documents, { ...amount, kept: statSync(zipped).size });
  if (seconds > kcat.seconds) missed.push(`${of}: ${(seconds / kcat.seconds).toFixed(2)} times the time of kcat`);
  if (slow / seconds < 10) missed.push(`${of}: ${(slow / seconds).toFixed(1)} times as fast as the documents' way`);

  const back = await run(
    'restore',
    {
      ...source(topic),
      request: {
        restoreId: `restore-${topic}`,
        recoveryPoint: ours.said.recoveryPoint,
        topics: [{ topic, as: `${topic}-back` }],
      },
      conclude: false,
    },
    env,
  );
  if (back.said.records !== records)
    throw new Error(`${back.said.records} of ${records} records of ${topic} were restored.`);
  for (const name of ['kcat', 'console']) await create(`${topic}-${name}`, partitions);
  const produced = await take(`kcat -P -b ${kafka.bootstrap} -t ${topic}-kcat -z ${codec} < ${file}`);
  const producer = tool(
    'org.apache.kafka.tools.ConsoleProducer',
    ...server,
    '--topic',
    `${topic}-console`,
    '--compression-codec',
    codec,
  );
  const typed = await take(`${producer} < ${file} > /dev/null`);
  line('restore, read back and compared', back, amount);
  line('`kcat -P`', produced, amount);
  line('`kafka-console-producer`', typed, amount);
  await remove(...['', '-back', '-kcat', '-console'].map((name) => `${topic}${name}`));
  for (const used of [file, zipped]) rmSync(used);
  await emptied(env);
};

const archiveOne = async (what: string, topic: string, partitions: number, megabytes: number): Promise<Taken> => {
  const records = Math.floor((megabytes * 1e6) / 1000);
  await create(topic, partitions);
  await fill(topic, records, 1000, 'none');
  const env = await newVault();
  const taken = await archive(topic, env);
  if (taken.said.records !== records)
    throw new Error(`${taken.said.records} of ${records} records of ${topic} were archived.`);
  line(what, taken, { records, bytes: records * 1000, kept: await stored(env) });
  await remove(topic);
  await emptied(env);
  return taken;
};

try {
  print('', 'seconds', 'MB/s', 'records/s', 'CPU seconds', 'peak memory, MB', 'stored, MB', '');
  print('---', '---', '---', '---', '---', '---', '---', '---');
  for (const size of list(values.records).map(Number))
    for (const codec of list(values.codecs))
      for (const partitions of list(values.partitions).map(Number)) await compareOne(size, codec, partitions);
  print('**records of 1000 B, archived**', '', '', '', '', '', '', '');
  for (const megabytes of list(values.memory).map(Number)) {
    const { peakMegabytes } = await archiveOne(`${megabytes} MB`, `memory-${megabytes}`, 4, megabytes);
    if (peakMegabytes > MEMORY_MB) missed.push(`${megabytes} MB: ${Math.round(peakMegabytes)} MB of memory`);
  }
  const many = Number(values.many);
  if (many > 0)
    await archiveOne(`${values.megabytes} MB in ${many} partitions`, 'many', many, Number(values.megabytes));
  console.log(rows.join('\n'));
  console.log(
    missed.length > 0 ? `\nMissed:\n${missed.map((each) => `- ${each}`).join('\n')}` : '\nEvery target was met.',
  );
} finally {
  await admin.close();
  await world.close();
  await kafka.stop();
  rmSync(directory, { recursive: true, force: true });
}
