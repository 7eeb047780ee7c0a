import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // For tests that load ONNX Runtime by itself; titlesmith turns it off of its own accord.
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
});
