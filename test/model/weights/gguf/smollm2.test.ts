import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../../../src/io/package-root.js';
import { elementCount } from '../../../../src/model/graph/shape.js';
import { startOf } from '../../../../src/model/tokenizer/tokenizer.js';
import { GgufFile } from '../../../../src/model/weights/gguf/gguf-file.js';
import { tensorNames } from '../../../../src/model/weights/gguf/tensor-names.js';
import { openModel } from '../../../../src/model/weights/resolve-model.js';

/** A real pretrained model, which .ci/install-test-tools fetches, unless TITLESMITH_WITHOUT_SMOLLM2 is set. */
const path = join(packageRoot, '.cache/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf');
const isThere = existsSync(path);
if (!isThere) console.info(`Tests of SmolLM2 are skipped: there is no ${path} (.ci/install-test-tools).`);

/** What llama.cpp's package and Hugging Face's tokenizers make of it: test/oracles/gguf/make_smollm2.py. */
const fixture = JSON.parse(readFileSync(join(packageRoot, 'test/oracles/gguf/smollm2.json'), 'utf8')) as {
  readonly tensors: Readonly<Record<string, { readonly sum: number; readonly ends: readonly number[] }>>;
  readonly lines: readonly string[];
  readonly ids: readonly (readonly number[])[];
};

test.skipIf(!isThere)("SmolLM2's 4-bit file has llama.cpp's values, and the ids of tokenizers", async () => {
  const { configuration, tokenizer, weights } = await openModel(path);
  await weights.close();
  expect(configuration).toMatchObject({
    vocabularySize: 49_152,
    contextLength: 8192,
    width: 576,
    layers: 30,
    heads: 9,
    llama: { keyValueHeads: 3, headWidth: 64, innerWidth: 1536, rotary: { base: 100_000 }, tiedOutput: true },
  });
  expect([startOf(tokenizer), tokenizer.endOfTextId]).toEqual([1, 2]);
  for (const [index, line] of fixture.lines.entries())
    expect(tokenizer.encode(line), JSON.stringify(line)).toEqual(fixture.ids[index]);
  const document = JSON.parse(tokenizer.files().get('tokenizer.json')!) as {
    readonly model: { readonly vocab: Readonly<Record<string, number>> };
  };
  // Hugging Face's tokenizers takes the ids of special tokens from the vocabulary alone.
  expect(document.model.vocab).toMatchObject({ '<|endoftext|>': 0, '<|im_start|>': 1, '<|im_end|>': 2 });
  expect(Object.keys(document.model.vocab)).toHaveLength(tokenizer.vocabularySize);
  const file = await GgufFile.open(path);
  file.rename(tensorNames('llama', file.tensors.keys(), 64));
  const names = new Map(
    [...tensorNames('llama', file.tensors.keys(), 64)].map(([name, { stored }]) => [stored, name]),
  );
  for (const [stored, { sum, ends }] of Object.entries(fixture.tensors)) {
    const name = names.get(stored)!;
    const shape = file.shapeOf(name)!;
    const values = new Float32Array(elementCount(shape));
    await file.read(name, shape, values);
    expect([...values.subarray(0, 8), ...values.subarray(-8)], stored).toEqual(ends);
    expect(values.reduce((total, value) => total + value, 0)).toBeCloseTo(sum, 6);
  }
  await file.close();
});
