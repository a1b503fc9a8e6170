import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/packaged.ts'],
    setupFiles: ['test/support/quiet.ts'],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // Real engines share two cores: more files at once only make each other wait.
    maxWorkers: 2,
    restoreMocks: true,
    unstubEnvs: true,
  },
});
