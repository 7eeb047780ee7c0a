import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { expectedMemory } from '../../src/batch/expected-memory.js';
import { packageRoot } from '../../src/io/package-root.js';
import { processBytes } from '../../src/model/training/memory-estimate.js';
import { resolveModel } from '../../src/model/weights/resolve-model.js';
import { defaultOptions } from '../../src/options/option-values.js';
import { fixtureFolder, temporaryFolder } from '../model/transformer/fixtures.js';
import { LocalHub } from '../model/weights/hub/local-hub.js';

afterEach(() => vi.unstubAllEnvs());

const memoryOf = (model: string): Promise<number> => expectedMemory({ ...defaultOptions(), model }, 'csv');

test('a GGUF file, a TensorFlow checkpoint and a folder are estimated by their own shape', async () => {
  const folder = await memoryOf(fixtureFolder('float32'));
  expect(folder).toBeGreaterThan(processBytes);
  expect(folder).toBeLessThan(await memoryOf('base'));
  expect(await memoryOf(join(packageRoot, 'test/oracles/gguf/gpt2.gguf'))).toBe(folder);
  expect(await memoryOf(join(packageRoot, 'test/oracles/tensorflow/run1'))).toBeLessThan(
    await memoryOf('base'),
  );
});

test('a model of the hub is estimated by its own shape where it is cached, and as 124M where it is not', async () => {
  const hub = await LocalHub.start(fixtureFolder('float32'));
  const cache = temporaryFolder();
  vi.stubEnv('HF_HUB_CACHE', cache);
  vi.stubEnv('HF_ENDPOINT', hub.endpoint);
  expect(await memoryOf(hub.repository)).toBe(await memoryOf('124M'));
  expect(hub.requests).toEqual([]);
  await resolveModel(hub.repository, {}, { settings: hub.settings(cache) });
  const asked = hub.requests.length;
  expect(await memoryOf(hub.repository)).toBe(await memoryOf(fixtureFolder('float32')));
  expect(hub.requests).toHaveLength(asked);
  await hub.stop();
});
