import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exportModel } from '../../../src/pipeline/export-model.js';
import { generateFromModel } from '../../../src/pipeline/generate-apart.js';
import { generate, loadModel } from '../../../src/pipeline/library/model.js';
import { scoreTitles } from '../../../src/pipeline/library/score-titles.js';
import { temporaryFolder } from '../../model/transformer/fixtures.js';

const folder = temporaryFolder();
const titles = ['A question about bread that does not rise', 'My first one', 'Look at this'];
const greedy = { nsamples: 1, length: 12, temperature: 0, seed: 1 };

test('a community’s model is the same by its name and as the files that export writes, which are an ordinary model', async () => {
  const output = join(folder, 'baking');
  await exportModel({
    model: 'base',
    format: 'huggingface',
    subreddit: 'r/Baking',
    guidanceScale: 1,
    output,
  });
  const byName = await scoreTitles('base', titles, { subreddit: 'baking' });
  const byFiles = await scoreTitles(output, titles);
  const untold = await scoreTitles('base', titles);
  expect(byFiles.scores).toEqual(byName.scores);
  expect(byName.total).not.toEqual(untold.total);
});

test('the library writes for a community as the command does, and refuses what is none', async () => {
  const model = await loadModel('base', { subreddit: 'r/Baking' });
  const texts: string[] = [];
  for await (const { text } of generate(model, greedy)) texts.push(text);
  await model.dispose();
  const commanded: string[] = [];
  for await (const { text } of generateFromModel('base', { ...greedy, promptSubreddit: 'baking' }))
    commanded.push(text);
  expect(texts).toEqual(commanded);
  await expect(loadModel('base', { subreddit: 'bakin' })).rejects.toThrow(/does not know r\/bakin/);
  await expect(loadModel('base', { subreddit: '../x' })).rejects.toThrow(/loadModel: subreddit/);
  const request = {
    model: 'base',
    format: 'onnx',
    subreddit: 'bakin',
    output: join(folder, 'none'),
  } as const;
  await expect(exportModel(request)).rejects.toThrow(/does not know r\/bakin/);
});

test('models that are prompted by name are told so', async () => {
  const other = join(folder, 'baking');
  await expect(loadModel(other, { subreddit: 'baking' })).rejects.toThrow(
    /subreddit is of the base model alone/,
  );
  const request = {
    model: other,
    format: 'onnx',
    subreddit: 'baking',
    output: join(folder, 'none'),
  } as const;
  await expect(exportModel(request)).rejects.toThrow(
    /Only the base model has weights of its own for r\/baking/,
  );
});

test('the best of 16 candidates is kept for a community, unless another number or no guidance is asked for', async () => {
  const chosenOf = async (options: Parameters<typeof generateFromModel>[1]) => {
    const asked = { nsamples: 1, length: 6, seed: 1, promptSubreddit: 'baking', ...options };
    for await (const { chosen } of generateFromModel('base', asked)) return chosen;
    throw new Error('no text');
  };
  expect(await chosenOf({})).toMatchObject({ of: 16, meanGain: expect.any(Number) });
  expect(await chosenOf({ rank: 'probability' })).not.toHaveProperty('meanGain');
  expect(await chosenOf({ bestOf: 1 })).toBeUndefined();
  expect(await chosenOf({ guidanceScale: 0 })).toBeUndefined();
  expect(await chosenOf({ temperature: 0 })).toBeUndefined();
  await expect(chosenOf({ promptSubreddit: undefined, guidanceScale: 2 })).rejects.toThrow(
    '--guidance-scale 2 guides the base model to a community, and none is named.',
  );
});
