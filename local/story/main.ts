// `npm start`: the story, with Kafka in it where a broker can be had. Whatever reads the configuration is loaded after it is chosen.
import { registerHooks } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { kafkaCommand } from '../engines/kafka-binaries.ts';
import { EngineMissing } from '../engines/programs.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

const whyNoKafka = (): string | undefined => {
  try {
    kafkaCommand('kafka.Kafka', []);
    return undefined;
  } catch (error) {
    if (!(error instanceof EngineMissing)) throw error;
    return error.message;
  }
};

if (process.env.LIFEBOAT_CONFIG === undefined) {
  const missing = whyNoKafka();
  if (missing) console.log(`Without Kafka: ${missing}`);
  else process.env.LIFEBOAT_CONFIG = path.join(ROOT, 'examples', 'shop-events.config.ts');
}
const { LIFEBOAT_CONFIG: configuration } = process.env;
if (configuration) {
  const url = pathToFileURL(path.resolve(configuration)).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === '#platform' ? { url, shortCircuit: true, format: 'module-typescript' } : next(specifier, context),
  });
}
await import('./story.ts');
