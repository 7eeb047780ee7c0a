import { defineConfig } from 'vitest/config';
import base from './vitest.config.js';

/** `npm run test:device`: the model's tests on a graphics card, one file after the other, as they share the card. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    // In place of the base's own: merged, the lists would add up.
    include: [
      'engine/engines',
      'engine/float16',
      'engine/device-check',
      'training/*',
      'generation/*',
      'transformer/decode-session',
      'transformer/llama-decoding',
      'scoring/title-scorer',
      'transformer/decode-sampler',
      'device',
    ].map((name) => `test/model/${name}.test.ts`),
    fileParallelism: false,
    // In software a first run compiles hundreds of shaders, and a training of some steps takes minutes.
    testTimeout: 1_800_000,
    env: { TITLESMITH_TEST_DEVICE: process.env['TITLESMITH_TEST_DEVICE'] ?? 'onnxruntime webgpu' },
  },
});
