import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfiguration, readWeights, writeWeights } from '../../../src/model/weights/checkpoint.js';
import { openSafetensors, writeSafetensors } from '../../../src/model/weights/safetensors.js';
import { temporaryFolder } from '../transformer/fixtures.js';
import { llamaFolder, llamaNames } from '../transformer/llama-oracle.js';

/** A copy of a fixture that a test may change. */
function copyOf(name: string): string {
  const folder = temporaryFolder();
  cpSync(llamaFolder(name), folder, { recursive: true });
  return folder;
}

describe('the files of a Llama', () => {
  test.each(llamaNames)(
    'are written with the names, shapes and values that Hugging Face has: %s',
    async (name) => {
      const configuration = await readConfiguration(llamaFolder(name));
      const store = await readWeights(llamaFolder(name), configuration);
      const folder = temporaryFolder();
      await writeWeights(folder, configuration, (parameter) => store.views.get(parameter)!);
      const own = await openSafetensors(join(folder, 'model.safetensors'));
      const gradients = await openSafetensors(join(llamaFolder(name), 'expected.safetensors'));
      const theirs = gradients
        .names()
        .filter((tensor) => tensor.startsWith('gradient/'))
        .map((tensor) => [tensor.slice('gradient/'.length), gradients.shapeOf(tensor)] as const);
      expect(own.names().map((tensor) => [tensor, own.shapeOf(tensor)])).toEqual(
        expect.arrayContaining(theirs.map(([tensor, shape]) => [tensor, shape])),
      );
      expect(own.names()).toHaveLength(theirs.length);
      await own.close();
      await gradients.close();
      expect([...(await readWeights(folder, configuration)).flat]).toEqual([...store.flat]);
    },
  );

  test('may hold the tied output layer again, if it is the same', async () => {
    const configuration = await readConfiguration(llamaFolder('grouped'));
    const store = await readWeights(llamaFolder('grouped'), configuration);
    const folder = copyOf('grouped');
    await writeWeights(folder, configuration, (parameter) => store.views.get(parameter)!);
    const file = await openSafetensors(join(folder, 'model.safetensors'));
    const tensors = [];
    for (const tensor of file.names()) {
      const shape = file.shapeOf(tensor)!;
      const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
      await file.read(tensor, shape, values);
      tensors.push({ name: tensor, shape, values: () => values });
    }
    await file.close();
    const embedding = tensors.find(({ name }) => name === 'model.embed_tokens.weight')!;
    const output = { ...embedding, name: 'lm_head.weight' };
    await writeSafetensors(join(folder, 'model.safetensors'), [...tensors, output], { format: 'pt' });
    expect((await readWeights(folder, configuration)).flat).toEqual(store.flat);
    const other = { ...output, values: () => embedding.values().map((value) => -value) };
    await writeSafetensors(join(folder, 'model.safetensors'), [...tensors, other], { format: 'pt' });
    await expect(readWeights(folder, configuration)).rejects.toThrow(
      'lm_head.weight differs from model.embed_tokens.weight, but config.json asks for one for both',
    );
    const extra = { ...output, name: 'model.layers.0.self_attn.q_proj.bias' };
    await writeSafetensors(join(folder, 'model.safetensors'), [...tensors, extra], { format: 'pt' });
    await expect(readWeights(folder, configuration)).rejects.toThrow(
      'tensor model.layers.0.self_attn.q_proj.bias is not part of a Llama',
    );
  });

  test('are refused where they do not fit config.json, naming the tensor', async () => {
    const folder = copyOf('wide');
    const configuration = await readConfiguration(folder);
    const { llama } = configuration;
    const wider = { ...configuration, llama: { ...llama!, innerWidth: 41 } };
    await expect(readWeights(folder, wider)).rejects.toThrow(
      'gate_proj.weight has shape [40,24], config.json asks for [41,24]',
    );
    const tied = { ...configuration, llama: { ...llama!, tiedOutput: true } };
    await expect(readWeights(folder, tied)).rejects.toThrow('lm_head.weight differs');
    const index = { weight_map: { 'lm_head.weight': 'model-00001-of-00003.safetensors' } };
    writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify(index));
    await expect(readWeights(folder, configuration)).rejects.toThrow(/tensor \S+ is missing/);
  });
});
