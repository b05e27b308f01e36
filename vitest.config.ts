import { configDefaults, defineConfig } from 'vitest/config';

/** Beside the code too, but whole trainings, killed processes and tables of many chunks: `npm test` runs them, `npm run check` does not. */
const slow = '**/src/**/*.slow.test.ts';
const never = [...configDefaults.exclude, '**/dist/**', '**/.tidemill/**'];

/** A busy machine may need seconds for what a quiet one does at once; a condition that never comes still fails. */
const poll = { timeout: 20_000 };

/**
 * `unit` lies beside the code it tests, and the files of a worker share its modules: to import the server anew
 * for each costs as much as all tests do. So what a module keeps outlives a file, and no hook of Vitest stands outside
 * of a test file. `e2e` starts whole processes, so its files take turns.
 * Forks, not threads: as fast here, and a native module that aborts takes one worker with it, not the whole run.
 */
export default defineConfig({
  test: {
    maxWorkers: 2,
    globalSetup: 'server/src/testing/run-folder.ts',
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            '{contract,server,sdk,cli,web}/src/**/*.test.{ts,tsx}',
            '{scripts,examples,bench}/**/*.test.ts',
          ],
          exclude: [...never, slow],
          pool: 'forks',
          isolate: false,
          testTimeout: 30_000,
          expect: { poll },
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'slow',
          include: [slow],
          exclude: never,
          pool: 'forks',
          testTimeout: 30_000,
          hookTimeout: 30_000,
          expect: { poll },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          exclude: never,
          pool: 'forks',
          fileParallelism: false,
          // Of a file's processes of Python, as many as two cores carry.
          maxConcurrency: 3,
          testTimeout: 180_000,
          expect: { poll },
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
