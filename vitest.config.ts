import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

/** Each takes minutes by itself; `.ci/run` leaves them out, `.ci/run --all` and `npm test` run them. */
const long = ['test/docs/commands.test.ts', 'test/cli/stops.test.ts'];
const withoutLong = process.env['TITLESMITH_WITHOUT_LONG_TESTS'] !== undefined;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(withoutLong ? long : [])],
    // Against what never ends. How long a test takes says nothing of titlesmith: the machine may be busy.
    testTimeout: 900_000,
    hookTimeout: 900_000,
    pool: 'forks',
    // Much of the time a test waits for a process that it started: two files at once also on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    expect: { poll: { timeout: 300_000, interval: 20 } },
    // For tests that load ONNX Runtime by itself; titlesmith turns it off of its own accord.
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
});
