import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // What is waited for comes later on a busy machine.
    expect: { poll: { timeout: 20_000, interval: 20 } },
    // For tests that load ONNX Runtime by itself; titlesmith turns it off of its own accord.
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
});
