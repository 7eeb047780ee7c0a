import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { silentContext } from '../../src/common/progress.js';
import { onnxGenerationModel } from '../../src/model/transformer/onnx-graph.js';
import { parameterSpecifications } from '../../src/model/transformer/parameters.js';
import { loadWeights, storedWeights } from '../../src/model/transformer/weight-source.js';
import { exportOnnxFolder, writeOnnxModel } from '../../src/model/weights/onnx-folder.js';
import { openModel } from '../../src/model/weights/resolve-model.js';
import { expectGreedy } from '../model/transformer/exported-model.js';
import { fixtureFolder, temporaryFolder } from '../model/transformer/fixtures.js';
import { forwardLogits } from '../model/transformer/forward-logits.js';
import { llamaFolder } from '../model/transformer/llama-oracle.js';
import { oracle, oracleParameters } from '../model/transformer/oracle.js';
import { findPackage } from './packages.js';

const web = findPackage('onnxruntime-web');
const transformers = findPackage('@huggingface/transformers');
if (!web || !transformers)
  console.log('Skipped: exported models in other runtimes, which .ci/install-test-tools installs.');

test.skipIf(!web)('an exported model continues greedily in WebAssembly, as in a page', async () => {
  const { env, InferenceSession } = web!;
  const path = join(temporaryFolder(), 'model.onnx');
  await writeOnnxModel(path, onnxGenerationModel(oracle.configuration), storedWeights(oracleParameters()));
  env.wasm.numThreads = 1;
  const session = await InferenceSession.create(new Uint8Array(readFileSync(path)));
  await expectGreedy(session);
  await session.release();
});

describe.skipIf(!transformers)('the exported folder in transformers.js', () => {
  test.each([
    ['a GPT-2', fixtureFolder('float32')],
    ['a Llama', llamaFolder('grouped')],
    ['a Llama with scaled positions', llamaFolder('wide')],
  ])('generates greedily what our own model does: %s', async (_, source) => {
    const target = temporaryFolder();
    const model = await openModel(source, silentContext);
    await exportOnnxFolder(model, target);
    expect(readdirSync(target).sort()).toEqual([
      'config.json',
      'generation_config.json',
      'merges.txt',
      'onnx',
      'special_tokens_map.json',
      'tokenizer.json',
      'tokenizer_config.json',
      'vocab.json',
    ]);
    expect(existsSync(join(target, 'onnx/model.onnx_data'))).toBe(false);
    const description = JSON.parse(readFileSync(join(target, 'config.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    expect(description['transformers.js_config']).toEqual({ dtype: 'fp32' });

    const { AutoModelForCausalLM, AutoTokenizer, Tensor } = transformers!;
    const tokenizer = await AutoTokenizer.from_pretrained(target, { local_files_only: true });
    const text = 'the thé 🐈';
    const ids = model.tokenizer.encode(text);
    expect(tokenizer.encode(text)).toEqual(ids);

    const exported = await AutoModelForCausalLM.from_pretrained(target, { local_files_only: true });
    const prompt = [model.tokenizer.endOfTextId, ...ids.slice(0, 3)];
    const shape = [1, prompt.length];
    const output = await exported.generate({
      input_ids: new Tensor('int64', BigInt64Array.from(prompt.map(BigInt)), shape),
      attention_mask: new Tensor('int64', new BigInt64Array(prompt.length).fill(1n), shape),
      max_new_tokens: 10,
      do_sample: false,
    });
    const generated = Array.from(output.data as BigInt64Array, Number);

    const specifications = parameterSpecifications(model.configuration);
    const store = await loadWeights(model.weights, specifications, silentContext);
    const expected = [...prompt];
    for (
      let count = 0;
      count < 10 && (count === 0 || expected.at(-1) !== model.tokenizer.endOfTextId);
      count++
    ) {
      const every = await forwardLogits(model.configuration, store, expected);
      const logits = every.subarray(-model.configuration.vocabularySize);
      expected.push(logits.indexOf(Math.max(...logits)));
    }
    await model.weights.close();
    expect(generated).toEqual(expected);
    await exported.dispose();
  });
});
