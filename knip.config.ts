import type { KnipConfig } from 'knip';
import { functionEntries } from './resources/functions.ts';

/** What is deployed or run by name; everything else has to be used by one of these. */
export default {
  entry: [
    ...Object.values(functionEntries()).map(({ handler }) => handler.replace(/\.handler$/, '.ts')),
    'resources/*.cjs',
    'resources/deployment.ts',
    'examples/*.ts',
    'local/services/lambda/bootstrap.ts',
    // Programs that pods run.
    'local/workloads/*.ts',
    'scripts/*.{ts,mjs}',
    'test/**/*.test.ts',
    // Programs that tests run in pods and processes.
    'test/support/programs/*.ts',
    // Configurations that are put in place of the deployed one.
    'test/support/*.config.ts',
  ],
  project: ['**/*.{ts,mjs,cjs}'],
  ignoreExportsUsedInFile: true,
  ignoreBinaries: ['setpriv', 'cfn-lint', 'java', 'mvn', 'kcat'],
} satisfies KnipConfig;
