import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as library from '../../../src/index.js';
import { storedWeights } from '../../../src/model/transformer/weight-source.js';
import { trainingOptions } from '../../../src/options/table/training.js';
import { planRuns } from '../../../src/pipeline/run/run-plan.js';
import { tokenizerOf } from '../../model/generation/markov-model.js';
import { testEngine as engine } from '../../model/test-engine.js';
import { oracle, oracleParameters } from '../../model/transformer/oracle.js';

/** The library as a caller without TypeScript has it. */
const untyped = library as unknown as Record<string, (...values: readonly unknown[]) => unknown>;
const titles = ['Why do cats sleep all day?', 'How do you cook rice?', 'Who invented the wheel?'];
const folder = mkdtempSync(join(tmpdir(), 'titlesmith-arguments-'));
const to = (name: string): string => join(folder, name);

let model: library.Model;
beforeAll(async () => {
  const { configuration } = oracle;
  const letters = Array.from({ length: configuration.vocabularySize - 1 }, (_, id) =>
    String.fromCharCode(256 + id),
  );
  const opened = {
    configuration,
    tokenizer: tokenizerOf(...letters),
    weights: storedWeights(oracleParameters()),
  };
  model = await library.createModel(opened, { slots: 2, engine });
});
afterAll(() => model.dispose());

/** Calls a function of the library, and takes the first thing from an iterator. */
async function call(name: string, values: readonly unknown[]): Promise<unknown> {
  const result = await untyped[name]!(...values);
  const isIterator = typeof result === 'object' && result !== null && Symbol.asyncIterator in result;
  return isIterator ? (result as AsyncGenerator).next() : result;
}

const wrong: readonly [name: string, values: () => readonly unknown[], message: string][] = [
  ['generate', () => [model, { top_k: 1 }], 'generate has no option "top_k".'],
  ['generate', () => [model, { include_prefix: false }], 'generate has no option "include_prefix".'],
  ['generate', () => [model, { constructor: 1 }], 'generate has no option "constructor".'],
  [
    'generate',
    () => [model, { nsamples: '3' }],
    'generate: nsamples got "3", which is not a whole number from 1',
  ],
  [
    'generate',
    () => [model, { temperature: null }],
    'temperature got null, which is not a number from 0 to 100.',
  ],
  [
    'generate',
    () => [model, { includePrefix: 'false' }],
    'includePrefix got "false", which is neither true nor',
  ],
  ['generate', () => [model, { prefix: ['a'] }], 'generate: prefix got a list, which is no text.'],
  ['generate', () => [model, { prefixes: 'abc' }], 'prefixes got "abc", which is not a list of texts.'],
  [
    'generate',
    () => [model, { truncate: 4 }],
    'truncate got 4, which is neither a text nor a list of texts.',
  ],
  ['generate', () => [model, { finished: [1] }], 'finished got a list, which is no Set of indices.'],
  ['generate', () => [model, { signal: {} }], 'signal got an object, which is no AbortSignal.'],
  ['generate', () => [model, 'Why'], 'generate got "Why" in place of its options.'],
  ['generate', () => ['runs/askreddit', {}], 'generate needs a model.'],
  ['generateToFile', () => [model, 5], 'generateToFile: path got 5, which is no text, or an empty one.'],
  ['generateToFile', () => [model, to('texts'), { sample_delim: '' }], 'has no option "sample_delim".'],
  ['loadModel', () => [], 'loadModel needs name.'],
  [
    'loadModel',
    () => ['x', { slots: 0 }],
    'loadModel: slots got 0, which is not a whole number from 1 to 4096.',
  ],
  ['loadModel', () => ['x', { device: 'cuda' }], 'loadModel has no option "device".'],
  [
    'loadModel',
    () => ['x', { context: { onProgress: 'log' } }],
    'loadModel: context got an object, which is no',
  ],
  ['downloadModel', () => [{}], 'downloadModel: name got an object, which is no text, or'],
  ['isDownloaded', () => [], 'isDownloaded needs name.'],
  [
    'finetuneTitles',
    () => [titles, { folder, model_name: '124M' }],
    'finetuneTitles has no option "model_name".',
  ],
  ['finetuneTitles', () => [titles, { folder, steps: '4' }], 'finetuneTitles: steps got "4"'],
  ['finetuneTitles', () => [titles, { folder, engine: 'tfjs' }], 'engine got "tfjs", which is no engine'],
  ['finetuneTitles', () => [titles, {}], 'finetuneTitles needs folder.'],
  ['finetuneTitles', () => [titles], 'finetuneTitles got undefined in place of its options.'],
  [
    'finetuneTitles',
    () => ['abc', { folder }],
    'finetuneTitles: titles got "abc", which is not a list of texts.',
  ],
  ['finetune', () => [{}], 'finetune needs engine.'],
  ['encodeCsv', () => ['a.csv', folder, { min_length: 3 }], 'encodeCsv has no option "min_length".'],
  ['encodeCsv', () => ['a.csv', folder, { header: 'true' }], 'encodeCsv: header got "true"'],
  ['runPipeline', () => [{ subreddits: ['askreddit'] }], 'runPipeline has no option "subreddits".'],
  ['runPipeline', () => [{ subreddit: 'askreddit' }], 'subreddit got "askreddit", which is not a list.'],
  [
    'runPipeline',
    () => [{ subreddit: ['a b'] }],
    'subreddit got "a b", which is not the name of a subreddit',
  ],
  ['runPipeline', () => [{ subreddit: ['cats'], steps: 1.5 }], 'runPipeline: steps got 1.5'],
  ['runSingleStage', () => ['train', folder], 'runSingleStage: stage got "train", which is none of extract,'],
  [
    'runSingleStage',
    () => ['dedupe', folder, { steps: 4 }],
    'runSingleStage of dedupe has no option "steps".',
  ],
  ['runSingleStage', () => ['dedupe', folder, { similarityThreshold: 'x' }], 'similarityThreshold got "x"'],
  [
    'exportModel',
    () => [{ model: 'x', format: 'onyx', output: 'y' }],
    'format got "onyx", which is none of onnx,',
  ],
  ['exportModel', () => [], 'exportModel got undefined in place of its options.'],
  ['hubSettings', () => ['https://hub'], 'environment got "https://hub", which is no object of variables'],
  ['exportRun', () => [folder], 'exportRun needs to.'],
  ['importRun', () => ['a.tar', { runs_dir: folder }], 'importRun has no option "runs_dir".'],
  [
    'importRun',
    () => ['a.tar', { runsDir: folder, runName: '../x' }],
    'runName got "../x", which is not a run name',
  ],
  ['runBatches', () => [{ file: 'a.yaml' }], 'runBatches needs settings.'],
  [
    'runBatches',
    () => [{ file: 'a.yaml', entry: 'cli.js', resume: false, settings: { job: 3 } }],
    'runBatches: settings has no option "job".',
  ],
  ['mergeBatch', () => [], 'mergeBatch needs place.'],
  ['openServedModel', () => ['x', { port: '80' }], 'openServedModel: port got "80"'],
  ['openServedModels', () => ['runs'], 'openServedModels: models got "runs", which is not a list of texts.'],
  ['openServedModels', () => [[]], 'openServedModels needs models.'],
  ['startServer', () => [], 'startServer needs served.'],
  ['openReview', () => [], 'openReview needs folder.'],
  ['startReview', () => [{}], 'startReview: input got an object, which is no review'],
  ['splitTitles', () => [titles, { validation_share: 0.1 }], 'splitTitles has no option "validation_share".'],
  [
    'splitTitles',
    () => [titles, { validationShare: 2 }],
    'validationShare got 2, which is not between 0 and 1.',
  ],
  ['cleanTitle', () => [5], 'cleanTitle: raw got 5, which is no text.'],
  [
    'dedupe',
    () => [[{ index: 0, text: 'a' }], titles, { treshold: 0.8 }],
    'dedupe has no option "treshold".',
  ],
  ['dedupe', () => [['a'], titles], 'dedupe: outputs got a list, which is not a list of { index, text }.'],
  [
    'createTitleJudge',
    () => [titles, { heldOut: 'abc' }],
    'heldOut got "abc", which is not a list of texts.',
  ],
  ['createTitleIndex', () => ['abc'], 'titles got "abc", which is not a list of texts.'],
  ['tokenizeTitles', () => [titles, model.tokenizer, {}], 'tokenizeTitles needs maximumTokens.'],
  ['createOnnxRuntimeEngine', () => [{ threads: '4' }], 'createOnnxRuntimeEngine: threads got "4"'],
  [
    'openEngine',
    () => [{ engine: 'onnxruntime', device: 'gpu' }],
    'openEngine: device got "gpu", which is none',
  ],
  ['openSource', () => ['csv', { input: 'a.csv' }], 'openSource: input got "a.csv", which is not a list.'],
  ['writeDataset', () => [folder, { training: titles }], 'writeDataset has no option "training".'],
  ['readDataset', () => [4], 'readDataset: path got 4, which is no text, or an empty one.'],
  ['createModel', () => [{}], 'createModel: model got an object, which is no model.'],
  ['generateTexts', () => [], 'generateTexts needs session.'],
  ['openDecodeSession', () => [engine, {}], 'openDecodeSession: configuration got an object, which is no'],
  ['nanoConfiguration', () => ['5'], 'vocabularySize got "5", which is not a whole number'],
  ['readConfiguration', () => [], 'readConfiguration needs folder.'],
  ['readWeights', () => [folder], 'readWeights needs configuration.'],
  ['storedWeights', () => [], 'storedWeights needs store.'],
  ['createSimilarityIndex', () => ['abc'], 'titles got "abc", which is not a list of texts.'],
  ['overfitStatistics', () => [['a'], []], 'outputTexts got a list, which is not a list of rated texts.'],
  ['applyDecisions', () => [[]], 'applyDecisions needs entries.'],
  ['countVerdicts', () => [], 'countVerdicts needs verdicts.'],
  ['compareTexts', () => [titles, {}, ''], 'compareTexts: index got an object, which is no index'],
  ['writeVerdicts', () => [folder, ['a']], 'outputs got a list, which is not a list of reviewed outputs.'],
  ['writeReport', () => [], 'writeReport needs folder.'],
  ['renderReport', () => [{}, {}], 'renderReport: figures got an object, which is no figures'],
  ['buildReport', () => [], 'buildReport needs input.'],
  [
    'writeTokens',
    () => [to('tokens'), titles, {}],
    'writeTokens: tokenizer got an object, which is no tokenizer.',
  ],
  [
    'writeSplitDataset',
    () => [folder, titles],
    'writeSplitDataset: titles got a list, which is no function.',
  ],
  ['extractTitles', () => [{ source: 'csv' }], 'extractTitles: source got "csv", which is no source'],
  ['locateModel', () => [5], '5 is no known model'],
];

describe('an argument that is unknown or of a wrong type is a TitlesmithError', () => {
  test.each(wrong)('%s %#', async (name, values, message) => {
    const error = await call(name, values()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(library.TitlesmithError);
    expect(error).toMatchObject({ code: 'usage' });
    expect((error as library.TitlesmithError).toLine()).toContain(message);
  });

  const spellings: readonly (readonly [string, (name: string) => string])[] = [
    ['in snake case', (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)],
    ['in kebab case', (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)],
    ['in lower case', (name) => name.toLowerCase()],
    ['without its third letter', (name) => name.slice(0, 2) + name.slice(3)],
  ];
  test.each(spellings)('names the option that is meant by one %s', async (_, spell) => {
    for (const name of Object.keys(trainingOptions)) {
      const given = spell(name);
      if (given === name) continue;
      const error = await call('finetuneTitles', [titles, { folder, [given]: 1 }]).catch(
        (thrown: unknown) => thrown,
      );
      expect((error as library.TitlesmithError).hint).toBe(`Did you mean ${name}?`);
    }
  });

  test('says where what gpt-2-simple takes has gone', async () => {
    const optionOf = async (options: object) =>
      (await call('finetuneTitles', [titles, { folder, ...options }]).catch(
        (error: unknown) => error,
      )) as Error;
    expect(await optionOf({ model_name: '124M' })).toMatchObject({ hint: 'Did you mean model?' });
    expect(await optionOf({ multi_gpu: true })).toMatchObject({
      hint: expect.stringContaining('training runs on one device'),
    });
  });
});

describe('an argument that may be left out', () => {
  test('may be undefined, and a context may be a part of one', async () => {
    const texts: string[] = [];
    const options = { nsamples: 2, length: 4, topK: undefined, seed: undefined, signal: undefined };
    for await (const { text } of library.generate(model, options)) texts.push(text);
    expect(texts).toHaveLength(2);
    const trained = await library.finetuneTitles(titles, {
      folder: to('trained'),
      steps: 1,
      batchSize: 1,
      seed: undefined,
      model: undefined,
      engine,
      context: { onProgress: undefined },
    } as unknown as library.FinetuneTitlesOptions);
    expect(trained.steps).toBe(1);
  });

  test('of a subreddit is read in every spelling', () => {
    const { runs } = planRuns({ subreddit: ['r/AskReddit', 'ASKREDDIT', '/r/cats'], source: 'sample' });
    expect(runs.map(({ name }) => name)).toEqual(['askreddit', 'cats']);
  });
});

test('a tokenizer and a source of titles refuse what is no text, no list and no query', async () => {
  expect(() => library.gpt2Tokenizer().encode(5 as never)).toThrow(
    'tokenizer.encode: text got 5, which is no text',
  );
  expect(() => library.gpt2Tokenizer().decode(5 as never)).toThrow('tokens got 5, which is no list of ids');
  const path = to('source.csv');
  writeFileSync(path, 'title\nOne title\n');
  const source = await library.openSource('csv', { input: [path] });
  const rows = source.rows(undefined as never, {
    onProgress: () => {},
    signal: new AbortController().signal,
  });
  await expect(rows[Symbol.asyncIterator]().next()).rejects.toThrow('the csv source');
});
