// Makes a checkout ready to run: dependencies and engines. Plain Node (18 or newer), no dependencies, safe to run again.
// Says what it does only when it does something.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const required = process.env.LIFEBOAT_REQUIRE_ENGINES === '1';

const say = (text) => process.stdout.write(`setup: ${text}\n`);
const fail = (text) => {
  process.stderr.write(`setup: ${text}\n`);
  process.exit(1);
};
const run = (command, args, env = {}) =>
  spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } }).status === 0;
const onPath = (command) => spawnSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' }).status === 0;

/** npm ci, when the lock file is not the one that was installed last. */
const installDependencies = () => {
  const marker = path.join(root, 'node_modules', '.lifeboat-lock');
  const digest = createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === digest) return;
  say('installing dependencies from the lock file (npm ci, about half a minute) …');
  if (!run('npm', ['ci']))
    fail('npm ci failed. Check the network and the registry npm is configured for, then run this again.');
  writeFileSync(marker, digest);
};

/** Folder with PostgreSQL's server programs, or undefined. The same search as the local region's. */
const postgresBinaries = () => {
  const versions = (folder) => (existsSync(folder) ? readdirSync(folder).sort((a, b) => Number(b) - Number(a)) : []);
  const candidates = [
    process.env.LIFEBOAT_PG_BIN,
    ...versions('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`),
    '/opt/homebrew/opt/postgresql@17/bin',
    '/opt/homebrew/opt/postgresql@16/bin',
    ...(process.env.PATH ?? '').split(path.delimiter),
  ];
  return candidates.find(
    (folder) =>
      folder &&
      ['initdb', 'postgres', 'pg_basebackup', 'pg_waldump', 'pg_ctl'].every((name) =>
        existsSync(path.join(folder, name)),
      ),
  );
};

const canInstall = () => process.getuid?.() === 0 && onPath('apt-get');

/** apt-get install, without starting what Debian's packages would start. */
const aptInstall = (packages) => {
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    run('apt-get', ['update', '-qq'], quiet);
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], quiet);
  } finally {
    if (ours) rmSync(policy, { force: true });
  }
};

const installPostgres = () => {
  if (postgresBinaries()) return;
  if (canInstall()) {
    say('installing PostgreSQL (apt-get, about a minute) …');
    // The package would create and start a cluster of its own; this project starts its servers itself.
    mkdirSync('/etc/postgresql-common', { recursive: true });
    writeFileSync('/etc/postgresql-common/createcluster.conf', 'create_main_cluster = false\n', { flag: 'a' });
    aptInstall(['postgresql', 'postgresql-client', 'openssl']);
  }
  if (postgresBinaries()) return;
  const hint =
    'PostgreSQL 14 or newer was not found. Install its server (Debian: apt-get install postgresql), or set LIFEBOAT_PG_BIN to the folder of its programs.';
  missing(hint);
};

/** Full path of redis-server, or undefined. The same search as the local region's. */
const redisServer = () =>
  [process.env.LIFEBOAT_REDIS_BIN, ...(process.env.PATH ?? '').split(path.delimiter)]
    .filter(Boolean)
    .map((folder) => path.join(folder, 'redis-server'))
    .find((file) => existsSync(file));

const installRedis = () => {
  if (redisServer()) return;
  if (canInstall()) {
    say('installing Redis (apt-get, a few seconds) …');
    aptInstall(['redis-server']);
    // Where there is systemd, the package also has it started at every boot.
    spawnSync('systemctl', ['disable', '--quiet', 'redis-server'], { stdio: 'ignore' });
  }
  if (redisServer()) return;
  missing(
    'redis-server 7 or newer was not found. Install it (Debian: apt-get install redis-server), or set LIFEBOAT_REDIS_BIN to its folder.',
  );
};

/** Whether the java on PATH is one that runs the broker. */
const hasJava = () => {
  const { stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  return Number(/version "(\d+)/.exec(stderr ?? '')?.[1] ?? 0) >= 17;
};

/**
 * Kafka's jars, by Maven coordinates. They are fetched into a folder of this process's own, which takes its final name when it
 * is complete: of setups that run at once the first wins, and one that is killed has not happened.
 */
const installKafka = () => {
  if (process.env.LIFEBOAT_KAFKA) return;
  const pom = path.join(root, 'local', 'engines', 'kafka', 'pom.xml');
  const text = readFileSync(pom, 'utf8');
  const version = /<kafka\.version>([^<]+)</.exec(text)[1];
  const digest = createHash('sha256').update(text).digest('hex');
  const engines = path.join(root, '.lifeboat', 'engines');
  const folder = path.join(engines, `kafka-${version}`);
  const marker = path.join(folder, 'complete');
  const isComplete = () => existsSync(marker) && readFileSync(marker, 'utf8') === digest;
  if (isComplete()) {
    if (!hasJava()) missing(javaHint);
    return;
  }
  if (!hasJava() || !onPath('mvn')) return missing(javaHint);
  say(`fetching Apache Kafka ${version} (Maven, 55 MB of jars, some seconds) …`);
  removeAbandoned(engines);
  const own = `${folder}.fetch-${process.pid}`;
  const jars = ['dependency:copy-dependencies', `-DoutputDirectory=${own}`, '-DincludeScope=runtime'];
  // Maven complains on standard output, and puts escape codes there even when it is quiet.
  const maven = spawnSync('mvn', ['-q', '-B', '-f', pom, ...jars], { encoding: 'utf8' });
  if (maven.status !== 0) {
    process.stderr.write(`${maven.stdout}${maven.stderr}`);
    rmSync(own, { recursive: true, force: true });
    return missing(
      'Apache Kafka could not be fetched. Check the network and the repository Maven is configured for, or set LIFEBOAT_KAFKA to host:port of a broker.',
    );
  }
  writeFileSync(path.join(own, 'complete'), digest);
  if (!isComplete()) {
    rmSync(folder, { recursive: true, force: true });
    try {
      renameSync(own, folder);
    } catch (error) {
      if (!isComplete()) throw error;
    }
  }
  rmSync(own, { recursive: true, force: true });
};

const javaHint =
  'Java 17 or newer and Maven, which fetch and run Apache Kafka, were not found. Install them (Debian: apt-get install default-jre-headless maven), or set LIFEBOAT_KAFKA to host:port of a broker.';

/** Removes what setups that were killed had begun to fetch. */
const removeAbandoned = (engines) => {
  for (const name of existsSync(engines) ? readdirSync(engines) : []) {
    const [, pid] = /\.fetch-(\d+)$/.exec(name) ?? [];
    if (!pid) continue;
    try {
      process.kill(Number(pid), 0);
    } catch (error) {
      if (error.code === 'ESRCH') rmSync(path.join(engines, name), { recursive: true, force: true });
    }
  }
};

const missing = (hint) => {
  if (required) fail(hint);
  say(`${hint} Everything that needs it is skipped.`);
};

installDependencies();
installPostgres();
installRedis();
installKafka();
