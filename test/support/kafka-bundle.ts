// The process of kafka-functions.ts, bundled as functions are deployed.
import { createRequire } from 'node:module';
import path from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { readYaml } from '../../resources/yaml.ts';

const plugins: Plugin[] = createRequire(import.meta.url)('../../resources/esbuild-plugins.cjs');

/** @returns the file to run: `node <file> archive '{…}'` */
export const bundleKafkaFunctions = async (folder: string): Promise<string> => {
  const { custom } = readYaml('serverless.yml') as { custom: { esbuild: Required<BuildOptions> } };
  const { minify, keepNames, platform, target, format, mainFields } = custom.esbuild;
  const outfile = path.join(folder, 'kafka-functions.cjs');
  await build({
    ...{ bundle: true, minify, keepNames, platform, target, format, mainFields, outfile },
    plugins: [configuration, ...plugins],
    entryPoints: [path.join(import.meta.dirname, 'programs/kafka-functions.ts')],
  });
  return outfile;
};

/** What its arguments say, in place of the one that is deployed. */
const configuration: Plugin = {
  name: 'configuration',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^#platform$/ }, () => ({
      path: path.join(import.meta.dirname, 'kafka-functions.config.ts'),
    }));
  },
};
