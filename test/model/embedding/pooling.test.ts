import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { parsePooling } from '../../../src/model/embedding/pooling.js';
import { openSentenceModel } from '../../../src/model/embedding/sentence-model.js';
import {
  sentenceFixture,
  sentenceModelFolder,
  sentenceModelTest,
  sentenceTokenizerFile,
} from '../sentence-model.js';
import { temporaryFolder } from '../transformer/fixtures.js';

/** As sentence-transformers writes them. */
const modules = (...types: string[]): string =>
  JSON.stringify(types.map((type, idx) => ({ idx, type: `sentence_transformers.models.${type}` })));
const pooling = (on: Record<string, boolean>): string =>
  JSON.stringify({ word_embedding_dimension: 384, pooling_mode_max_tokens: false, ...on });
const usual = modules('Transformer', 'Pooling', 'Normalize');
const firstToken = pooling({ pooling_mode_cls_token: true, pooling_mode_mean_tokens: false });

test('is what the files of sentence-transformers say, and the mean without them', () => {
  expect(parsePooling('m', [undefined, undefined])).toBe('mean');
  expect(parsePooling('m', [usual, undefined])).toBe('mean');
  expect(parsePooling('m', [usual, pooling({ pooling_mode_mean_tokens: true })])).toBe('mean');
  expect(parsePooling('m', [undefined, firstToken])).toBe('first');
  expect(parsePooling('m', [usual, '{ "embedding_dimension": 384, "pooling_mode": "cls" }'])).toBe('first');
});

test('that is not computed is refused', () => {
  const said = (...contents: (string | undefined)[]): string => {
    try {
      return parsePooling('m', contents);
    } catch (error) {
      return (error as Error).message;
    }
  };
  const refused = (what: string) => `The sentence model m has ${what}, which titlesmith does not compute.`;
  expect(said(usual, pooling({ pooling_mode_max_tokens: true }))).toBe(refused('the pooling "max_tokens"'));
  const several = pooling({ pooling_mode_mean_tokens: true, pooling_mode_cls_token: true });
  expect(said(usual, several)).toBe(refused('the pooling "mean_tokens, cls_token"'));
  expect(said(usual, pooling({}))).toBe(refused('the pooling ""'));
  expect(said(usual, '{ "pooling_mode": "constructor" }')).toBe(refused('the pooling "constructor"'));
  expect(said(modules('Transformer', 'Pooling', 'Dense'), undefined)).toBe(
    refused('a layer "Dense" after its transformer'),
  );
  expect(said('[', undefined)).toBe('m/modules.json does not say how a sentence model pools.');
  expect(said('[null]', undefined)).toBe('m/modules.json does not say how a sentence model pools.');
  expect(said(undefined, '7')).toBe('m/1_Pooling/config.json does not say how a sentence model pools.');
});

sentenceModelTest('by the first token is its hidden state, divided by its length', async () => {
  const folder = temporaryFolder();
  copyFileSync(join(sentenceModelFolder, 'model.onnx'), join(folder, 'model.onnx'));
  copyFileSync(sentenceTokenizerFile, join(folder, 'tokenizer.json'));
  mkdirSync(join(folder, '1_Pooling'));
  writeFileSync(join(folder, '1_Pooling/config.json'), firstToken);
  const encoder = await openSentenceModel({ name: folder, threads: 1 });
  expect(encoder.description).toMatch(/^model\.onnx, sha256 [0-9a-f]{8}, by its first token$/);
  const line = sentenceFixture.lines.findIndex((text) => text.length > 20);
  const vector = await encoder.embed([sentenceFixture.lines[line]!]);
  await encoder.dispose();
  const ids = sentenceFixture.ids[line]!;
  const session = await InferenceSession.create(join(folder, 'model.onnx'));
  const tensor = (of: (id: number) => number) =>
    new Tensor(
      'int64',
      BigInt64Array.from(ids, (id) => BigInt(of(id))),
      [1, ids.length],
    );
  const feeds = {
    input_ids: tensor((id) => id),
    attention_mask: tensor(() => 1),
    token_type_ids: tensor(() => 0),
  };
  const hidden = (await session.run(feeds))[session.outputNames[0]!]!.data as Float32Array;
  const first = hidden.slice(0, encoder.width);
  const length = Math.hypot(...first);
  expect(Math.max(...first.map((value, i) => Math.abs(value / length - vector[i]!)))).toBeLessThan(1e-4);
  await session.release();
});
