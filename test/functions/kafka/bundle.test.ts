// The client of Kafka brings WebAssembly along, which a bundle must not look for in a file beside it.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { expect, it } from 'vitest';
import { functionEntries } from '../../../resources/functions.ts';
import { readYaml } from '../../../resources/yaml.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const plugins: Plugin[] = createRequire(import.meta.url)('../../../resources/esbuild-plugins.cjs');
const functions = Object.entries(functionEntries()).filter(([key]) => key.startsWith('kafka'));

it.each(functions)('%s starts from its bundle', { timeout: 60_000 }, async (_, { handler }) => {
  const { custom } = readYaml('serverless.yml') as { custom: { esbuild: Required<BuildOptions> } };
  const { minify, keepNames, platform, target, format, mainFields } = custom.esbuild;
  const { outputFiles } = await build({
    ...{ bundle: true, minify, keepNames, platform, target, format, mainFields, plugins, write: false },
    entryPoints: [path.join(ROOT, handler.replace(/\.handler$/, '.ts'))],
    outfile: 'bundle.cjs',
  });
  const folder = await mkdtemp(path.join(tmpdir(), 'lifeboat-bundle-'));
  try {
    await writeFile(path.join(folder, 'bundle.cjs'), outputFiles?.[0]?.text ?? '');
    const program = `require('./bundle.cjs').handler({ no: 'request' }, { functionName: 'it', getRemainingTimeInMillis: () => 9000 })
      .catch(({ name }) => console.log('ended', name))`;
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], { cwd: folder });
    expect(stdout).toMatch(/ended RequestInvalid/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
