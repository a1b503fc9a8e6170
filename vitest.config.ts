import { defineConfig } from 'vitest/config';

/** Tests that run what is packaged; only they wait until it is. */
const PACKAGED = [
  'test/e2e/**',
  'test/resources/**',
  'test/statemachines/**',
  'test/local/deploy/**',
  'test/local/main.test.ts',
];

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'modules', include: ['test/**/*.test.ts'], exclude: PACKAGED } },
      {
        extends: true,
        test: {
          name: 'packaged',
          include: PACKAGED.map((place) => (place.endsWith('**') ? `${place}/*.test.ts` : place)),
          globalSetup: ['test/support/packaged.ts'],
        },
      },
    ],
    setupFiles: ['test/support/quiet.ts'],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // Real engines share two cores: more files at once only make each other wait.
    maxWorkers: 2,
    restoreMocks: true,
    unstubEnvs: true,
  },
});
