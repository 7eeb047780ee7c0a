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
