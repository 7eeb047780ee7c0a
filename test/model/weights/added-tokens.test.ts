import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silentContext } from '../../../src/common/progress.js';
import { TitleScorer } from '../../../src/model/scoring/title-scorer.js';
import { tokenizeTitles } from '../../../src/model/tokenizer/tokenized-titles.js';
import { startOf } from '../../../src/model/tokenizer/tokenizer.js';
import { BatchStream } from '../../../src/model/training/batches.js';
import { openForGeneration } from '../../../src/model/weights/open-for-generation.js';
import { openModel } from '../../../src/model/weights/resolve-model.js';
import { exportModel } from '../../../src/pipeline/export-model.js';
import { generate } from '../generation/collect-texts.js';
import { testEngine } from '../test-engine.js';
import { fixtureFolder, temporaryFolder } from '../transformer/fixtures.js';

/** What transformers makes of the model added, which it wrote: test/oracles/weights/make_added.py. */
const fixture = JSON.parse(readFileSync(`${fixtureFolder('added')}.json`, 'utf8')) as {
  readonly start: number;
  readonly end: number;
  readonly titles: readonly string[];
  readonly ids: readonly (readonly number[])[];
  readonly losses: readonly number[];
  readonly greedy: readonly number[];
};

/** Rows of the embedding: 263 tokens and two more. */
const rows = 265;

test('a model whose tokens were added keeps all rows, and begins with its own start token', async () => {
  const { configuration, tokenizer, weights } = await openModel(fixtureFolder('added'));
  expect([configuration.vocabularySize, tokenizer.vocabularySize]).toEqual([rows, rows]);
  expect([startOf(tokenizer), tokenizer.endOfTextId]).toEqual([fixture.start, fixture.end]);
  expect(fixture.titles.map((title) => tokenizer.encode(title))).toEqual(fixture.ids);
  expect(fixture.ids.map((ids) => tokenizer.decode(ids))).toEqual(fixture.titles);
  const { startOfTextId, endOfTextId } = tokenizer;
  const scorer = new TitleScorer(testEngine, { configuration, startOfTextId, endOfTextId });
  const losses = await scorer.score(
    weights,
    fixture.ids.map((ids) => Uint16Array.from(ids)),
    silentContext,
  );
  for (const [index, loss] of losses.entries()) expect(loss).toBeCloseTo(fixture.losses[index]!, 3);
  await scorer.dispose();
  await weights.close();
});

test('a batch begins titles with it, and ends them with the other', async () => {
  const { tokenizer, weights } = await openModel(fixtureFolder('added'));
  await weights.close();
  const { titles } = tokenizeTitles(['the'], tokenizer, { maximumTokens: 4 });
  const { startOfTextId, endOfTextId } = tokenizer;
  const options = { batchSize: 1, rowLength: 4, startOfTextId, endOfTextId, seed: 1 };
  const { inputIds, targetIds } = new BatchStream(titles, options).batch(0);
  expect([...inputIds]).toEqual([fixture.start, 257, fixture.end, fixture.end]);
  expect([...targetIds]).toEqual([257, fixture.end, fixture.end, fixture.end]);
});

test.each(['float32', 'int8'] as const)(
  'generation never gets a token without a text, likely or not, in %s',
  async (precision) => {
    const model = await openForGeneration(fixtureFolder('added'), { engine: testEngine, precision });
    const { session, tokenizer } = model;
    const options = { temperature: 0, length: fixture.greedy.length, includePrefix: false };
    const [text] = await generate(session, tokenizer, options);
    if (precision === 'float32') expect(text?.text).toBe(tokenizer.decode(fixture.greedy));
    const { scores } = await session.prefill(Int32Array.of(fixture.start), 1);
    const masked = [...scores.logits.entries()].filter(([, logit]) => logit < -1e8).map(([id]) => id);
    expect(masked).toEqual([261, 262, 263, 264]);
    await session.dispose();
  },
);

test('its export has the same tokens and ids, and the rows', async () => {
  const output = join(temporaryFolder(), 'exported');
  await exportModel({ model: fixtureFolder('added'), format: 'huggingface', output });
  for (const name of ['tokenizer.json', 'tokenizer_config.json'])
    expect(readFileSync(join(output, name), 'utf8')).toBe(
      readFileSync(join(fixtureFolder('added'), name), 'utf8'),
    );
  const config = JSON.parse(readFileSync(join(output, 'config.json'), 'utf8')) as Record<string, unknown>;
  expect(config).toMatchObject({
    vocab_size: rows,
    bos_token_id: fixture.start,
    eos_token_id: fixture.end,
  });
  const { tokenizer, weights } = await openModel(output);
  await weights.close();
  expect(fixture.titles.map((title) => tokenizer.encode(title))).toEqual(fixture.ids);
});
