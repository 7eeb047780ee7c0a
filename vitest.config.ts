import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

/** What takes longest, by what it is; `.ci/run` leaves it out, `.ci/run --all` and `npm test` run it. */
const long = [
  // Minutes each.
  'test/docs/commands.test.ts',
  'test/cli/stops.test.ts',
  'test/cli/interrupt.test.ts',
  // Trainings of many models, of which what they show of the figures changes with the figures alone.
  'test/dedupe/planted.test.ts',
  'test/dedupe/planted-model.test.ts',
  // Chains of whole runs, whose links others test.
  'test/cli/clock.test.ts',
  'test/cli/incremental.test.ts',
  'test/cli/overview.test.ts',
  'test/cli/restore-from.test.ts',
  'test/cli/shards.test.ts',
  'test/pipeline/stages/novelty.test.ts',
  // A disk or a memory that is full, in whole runs; their single steps are tested beside them.
  'test/cli/full-disk.test.ts',
  'test/cli/little-memory.test.ts',
];
const withoutLong = process.env['TITLESMITH_WITHOUT_LONG_TESTS'] !== undefined;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(withoutLong ? long : [])],
    // Against what never ends. How long a test takes says nothing of titlesmith: the machine may be busy.
    testTimeout: 900_000,
    hookTimeout: 900_000,
    setupFiles: ['test/plain-environment.ts'],
    pool: 'forks',
    // Much of the time a test waits for a process that it started: two files at once also on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    expect: { poll: { timeout: 300_000, interval: 20 } },
    // For tests that load ONNX Runtime by itself; titlesmith turns it off of its own accord.
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
});
