import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InterruptedError } from '../../../src/common/errors.js';
import { silentContext } from '../../../src/common/progress.js';
import { truncatedTokenizer } from '../../../src/model/tokenizer/gpt2.js';
import { baseFolder } from '../../../src/model/weights/base-folder.js';
import { baseConfiguration } from '../../../src/model/weights/base-model.js';
import { readConfiguration } from '../../../src/model/weights/checkpoint.js';
import { loadTokenizer } from '../../../src/model/weights/load-tokenizer.js';
import { defaultOptions } from '../../../src/options/option-values.js';
import { type FinetuneTitlesOptions, finetuneTitles } from '../../../src/pipeline/library/finetune.js';
import { runSingleStage } from '../../../src/pipeline/run-stages.js';
import { openStartingModel } from '../../../src/pipeline/stages/starting-model.js';
import { stopAfter } from '../../model/training/small-training.js';

const titles = Array.from({ length: 60 }, (_, index) => `What is the ${index}th best thing about rain?`);
const small = { width: 32, layers: 2, heads: 2, contextLength: 24, vocabularySize: 400 } as const;
const training = { steps: 4, batchSize: 2, evaluateEvery: 2, saveEvery: 2, threads: 1 };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scratch-'));
});
afterAll(() => rm(folder, { recursive: true }));

function run(name: string, options: Omit<FinetuneTitlesOptions, 'folder'>): Promise<unknown> {
  return finetuneTitles(titles, { ...training, ...options, folder: join(folder, name) });
}

const read = (...path: string[]): Promise<Buffer> => readFile(join(folder, ...path));

describe('a model from scratch', () => {
  it('is nano where no size is given', async () => {
    await run('nano', { model: 'nano', steps: 2 });
    await run('scratch', { model: 'scratch', steps: 2 });
    for (const file of ['model.safetensors', 'config.json', 'vocab.json', 'merges.txt'])
      expect((await read('scratch', file)).equals(await read('nano', file)), file).toBe(true);
  });

  it('has the sizes that are given, and ends with the same bytes after a stop', async () => {
    await run('whole', { model: 'scratch', ...small });
    expect(await readConfiguration(join(folder, 'whole'))).toEqual({ ...small, layerNormEpsilon: 1e-5 });
    const { vocabularySize } = await loadTokenizer(join(folder, 'whole'));
    expect(vocabularySize).toBe(400);
    const stopped = run('stopped', { model: 'scratch', ...small, context: stopAfter(3) });
    await expect(stopped).rejects.toThrow(InterruptedError);
    await run('stopped', { model: 'scratch', ...small });
    for (const file of ['model.safetensors', 'optimizer.safetensors'])
      expect((await read('stopped', file)).equals(await read('whole', file)), file).toBe(true);
  });

  it('is not mixed with a training of another shape in its folder, which stays as it is', async () => {
    await run('begun', { model: 'scratch', ...small });
    const before = await read('begun', 'optimizer.safetensors');
    for (const [options, message] of [
      [{ width: 48 }, /wte\.weight is \[400,32\] there, \[400,48\] here/],
      [{ layers: 3 }, /h\.2\.\S+ is none there, /],
      [{ layers: 1 }, /h\.1\.\S+ is \S+ there, none here/],
      [{ vocabularySize: 401 }, /wte\.weight is \[400,32\] there, \[401,32\] here/],
      [{ loraRank: 2 }, / there, none here| none there/],
    ] as const) {
      const training = run('begun', { model: 'scratch', ...small, ...options });
      await expect(training).rejects.toMatchObject({
        code: 'training-of-another-model',
        message: expect.stringMatching(/begun with a model of another shape: /) as string,
      });
      await expect(run('begun', { model: 'scratch', ...small, ...options })).rejects.toThrow(message);
    }
    expect((await read('begun', 'optimizer.safetensors')).equals(before)).toBe(true);
    expect(await readConfiguration(join(folder, 'begun'))).toMatchObject(small);
  });

  it('begins with the last checkpoint of a run only if that has its sizes', async () => {
    await run('earlier', { model: 'scratch', ...small });
    const decision = { choice: 'scratch', reason: 'named' };
    const open = (sizes: object) =>
      openStartingModel(decision, titles, sizes, silentContext, join(folder, 'earlier'));
    const { configuration, pretrained } = await open({ ...small, vocabularySize: 'titles' });
    await pretrained?.close();
    expect(configuration).toMatchObject(small);
    await expect(open({ ...small, layers: 3 })).rejects.toThrow(
      '--layers is 3, but the last checkpoint of this run has 2',
    );
    await expect(open({ vocabularySize: 500 })).rejects.toThrow('--vocabulary-size is 500, but');
  });

  it('leaves its sizes to a run, unless another model is named', async () => {
    const path = join(folder, 'recorded');
    const options = {
      ...defaultOptions(),
      source: 'csv',
      input: ['a.csv'],
      model: 'scratch',
      width: 32,
      heads: 2,
    };
    const machine = { node: '', platform: '', cores: 1 };
    const manifest = { name: 'recorded', createdAt: '', machine, options, decisions: {}, stages: {} };
    await mkdir(join(path, 'dataset'), { recursive: true });
    await writeFile(
      join(path, 'run.json'),
      JSON.stringify({ ...manifest, formatVersion: 1, titlesmithVersion: '0' }),
    );
    for (const name of ['train.txt', 'validation.txt'])
      await writeFile(join(path, 'dataset', name), 'A title\n');
    const train = (given: object) => runSingleStage('finetune', path, given);
    await expect(train({ heads: 5 })).rejects.toThrow('--width 32 is not a multiple of --heads 5');
    await expect(train({ model: '/no/such/folder' })).rejects.toThrow('There is no folder "/no/such/folder"');
    await expect(train({ model: 'base', layers: 2 })).rejects.toThrow(
      '--layers is a size of --model scratch',
    );
  });

  it('is refused before anything is written', async () => {
    const refused = run('refused', { model: 'scratch', width: 32, heads: 5 });
    await expect(refused).rejects.toThrow('--width 32 is not a multiple of --heads 5');
    const sized = run('refused', { model: 'base', width: 32 });
    await expect(sized).rejects.toThrow('--width is a size of --model scratch, but --model is base');
    await expect(read('refused', 'config.json')).rejects.toThrow(/ENOENT/);
  });
});

it("the base model's vocabulary is the first of GPT-2's tokens", async () => {
  const own = truncatedTokenizer(baseConfiguration.vocabularySize);
  const base = await loadTokenizer(baseFolder);
  expect(own.vocabularySize).toBe(16_384);
  for (const name of ['vocab.json', 'merges.txt'])
    expect(JSON.stringify(own.files().get(name))).toBe(JSON.stringify(base.files().get(name)));
  expect(own.endOfTextId).toBe(base.endOfTextId);
});
