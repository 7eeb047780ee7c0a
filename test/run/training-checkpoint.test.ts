import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nativeSha256 } from '../../src/io/atomic-file.js';
import { sourcesFolder, type WritableFolder } from '../../src/io/byte-folder.js';
import { type ByteSource, memorySource } from '../../src/io/byte-source.js';
import { fileFolder } from '../../src/io/file-source.js';
import type { StateTensor, TrainingPosition } from '../../src/model/training/training-storage.js';
import { loraSpecifications } from '../../src/model/transformer/lora.js';
import { storedWeights } from '../../src/model/transformer/weight-source.js';
import { readAdapter } from '../../src/model/weights/adapter-file.js';
import { resolveModel } from '../../src/model/weights/resolve-model.js';
import { TrainingCheckpoint } from '../../src/run/training-checkpoint.js';
import { fixtureFolder, temporaryFolder } from '../model/transformer/fixtures.js';

/** A folder in memory, as a browser may keep one. */
function memoryFolder(): WritableFolder & { readonly files: Map<string, ByteSource> } {
  const files = new Map<string, ByteSource>();
  return {
    ...sourcesFolder('memory', files),
    files,
    write: async (file, chunks) => {
      const parts: Uint8Array[] = [];
      for await (const chunk of chunks) parts.push(Buffer.from(chunk));
      files.set(file, memorySource(file, new Uint8Array(Buffer.concat(parts))));
    },
    remove: async (file) => void files.delete(file),
  };
}

const position: TrainingPosition = {
  step: 3,
  initialValidationLoss: 4,
  bestValidationLoss: 2.5,
  bestStep: 2,
  lastValidationLoss: 2.6,
  evaluationsWithoutImprovement: 1,
  metricsLines: 7,
};

const stateOf = (values: readonly number[]): StateTensor[] => [
  { name: 'parameters.a', shape: [2, 2], data: Float32Array.from(values) },
  { name: 'firstMoments.a', shape: [2, 2], data: Float32Array.from(values, (value) => -value) },
];

/** Saves all that a training with adapters saves. */
async function save(checkpoint: TrainingCheckpoint): Promise<void> {
  const { configuration, tokenizer, weights } = await resolveModel(fixtureFolder('float32'));
  const specifications = loraSpecifications(configuration, 2);
  await checkpoint.saveDescription(configuration, tokenizer);
  await checkpoint.saveWeights(configuration, (name) => weights.views.get(name)!);
  await checkpoint.saveAdapter({
    configuration,
    tokenizer,
    base: storedWeights(weights),
    specifications,
    valuesOf: (name) =>
      new Float32Array(
        specifications.find((one) => one.name === name)!.shape.reduce((product, size) => product * size, 1),
      ).fill(name.length),
  });
  await checkpoint.saveState(stateOf([1, 2, 3, Math.PI]), position, { epochs: 2 });
}

test('what is saved in memory is what is saved in files, byte for byte, and is loaded from either', async () => {
  const path = temporaryFolder();
  const memory = memoryFolder();
  const onDisk = new TrainingCheckpoint(fileFolder(path), nativeSha256);
  const inMemory = new TrainingCheckpoint(memory);
  await save(onDisk);
  await save(inMemory);
  expect([...memory.files.keys()].sort()).toEqual(readdirSync(path).sort());
  for (const [name, source] of memory.files) {
    const bytes = new Uint8Array(source.size);
    await source.read(bytes, 0);
    expect(readFileSync(join(path, name)).equals(bytes), name).toBe(true);
  }
  const { configuration } = await resolveModel(path);
  expect((await readAdapter(path, configuration)).rank).toBe(2);
  for (const checkpoint of [onDisk, inMemory]) {
    const tensors = stateOf([0, 0, 0, 0]);
    expect(await checkpoint.loadState(tensors)).toEqual(position);
    expect(tensors).toEqual(stateOf([1, 2, 3, Math.PI]));
  }
});

test('new weights take the adapter away that was merged into others', async () => {
  const memory = memoryFolder();
  const checkpoint = new TrainingCheckpoint(memory);
  await save(checkpoint);
  expect(memory.files.has('adapter.safetensors')).toBe(true);
  const { configuration, weights } = await resolveModel(fixtureFolder('float32'));
  await checkpoint.saveWeights(configuration, (name) => weights.views.get(name)!);
  expect(memory.files.has('adapter.safetensors')).toBe(false);
});

test('no state is none; one that is of another model, or damaged, is refused', async () => {
  const memory = memoryFolder();
  const checkpoint = new TrainingCheckpoint(memory);
  expect(await checkpoint.loadState(stateOf([0, 0, 0, 0]))).toBeUndefined();
  await checkpoint.saveState(stateOf([1, 2, 3, 4]), position, {});
  await expect(checkpoint.loadState(stateOf([0, 0, 0, 0]).slice(1))).rejects.toThrow(
    /^The training in memory was begun with a model of another shape: parameters\.a is \[2,2\] there, none here\./,
  );
  const state = memory.files.get('optimizer.safetensors')!;
  const bytes = new Uint8Array(state.size);
  await state.read(bytes, 0);
  await memory.write('optimizer.safetensors', [bytes.subarray(0, bytes.length - 1)]);
  await expect(checkpoint.loadState(stateOf([0, 0, 0, 0]))).rejects.toThrow(
    /^memory\/optimizer\.safetensors: tensor firstMoments\.a ends 1 bytes behind the end of the file\./,
  );
});
