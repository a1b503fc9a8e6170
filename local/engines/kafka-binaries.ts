// Where the broker's jars are, and how one of their classes is run. `scripts/setup.mjs` fetches them.
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EngineMissing, folderWith } from './programs.ts';

const ASSETS = join(import.meta.dirname, 'kafka');

/** The version named by the pom, which is the only place that names it. */
export const kafkaVersion = (): string => {
  const [, version] = /<kafka\.version>([^<]+)</.exec(readFileSync(join(ASSETS, 'pom.xml'), 'utf8')) ?? [];
  if (version === undefined) throw new Error('local/engines/kafka/pom.xml does not say <kafka.version>.');
  return version;
};

/** The folder that setup fetches into. It has the marker once everything is there. */
export const KAFKA_FOLDER = join(import.meta.dirname, '../../.lifeboat/engines', `kafka-${kafkaVersion()}`);
const MARKER = 'complete';

interface JavaOptions {
  /** Where the jars are, unless where setup fetches them. */
  jars?: string | undefined;
  /** Where compression unpacks its libraries. A process that is killed leaves them there. */
  temporary?: string;
}

/**
 * Program and arguments that run a class of the broker's jars, in a small heap and, as they live shortly, with the plain
 * collector and the first compiler alone.
 * @throws {EngineMissing}
 */
export const kafkaCommand = (
  mainClass: string,
  args: string[],
  { jars: folder = KAFKA_FOLDER, temporary }: JavaOptions = {},
): [string, string[]] => {
  if (!existsSync(join(folder, MARKER))) {
    throw new EngineMissing(
      `Kafka's jars were not found in ${folder}. Run \`node scripts/setup.mjs\`, which fetches them where java and mvn are on PATH and LIFEBOAT_KAFKA is not set.`,
    );
  }
  const java = folderWith(['java'], (process.env.PATH ?? '').split(delimiter));
  if (!java) {
    throw new EngineMissing(
      'java was not found in PATH. Install Java 17 or newer (Debian: apt-get install default-jre-headless maven) and run `node scripts/setup.mjs`.',
    );
  }
  const machine = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'];
  if (temporary !== undefined) machine.push(`-Djava.io.tmpdir=${temporary}`);
  const log = `-Dlog4j2.configurationFile=${pathToFileURL(join(ASSETS, 'log4j2.properties'))}`;
  return [join(java, 'java'), [...machine, log, '-cp', join(folder, '*'), mainClass, ...args]];
};
