import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Canaries, plantedTexts } from '../../../src/common/canaries.js';
import { InterruptedError } from '../../../src/common/errors.js';
import { type ProgressEvent, silentContext } from '../../../src/common/progress.js';
import { findInCanaries } from '../../../src/dedupe/canary-findings.js';
import { formatCsvRecord } from '../../../src/io/csv.js';
import type { StageName } from '../../../src/options/choices.js';
import type { RunOptions } from '../../../src/options/option-table.js';
import { defaultOptions } from '../../../src/options/option-values.js';
import { readCanaries } from '../../../src/pipeline/run/canaries-file.js';
import { readDatasetTitles, runDataset } from '../../../src/pipeline/stages/dataset.js';
import { runDedupe } from '../../../src/pipeline/stages/dedupe.js';
import { runFinetune } from '../../../src/pipeline/stages/finetune.js';
import type { StageJob, StageWorkContext } from '../../../src/pipeline/stages/stage.js';
import { madeUpTitles } from '../../cli/titles.js';
import { temporaryFolder } from '../../model/transformer/fixtures.js';

const folder = temporaryFolder();
/** A tiny model that sees a canary every third step or so. */
const options: RunOptions = {
  ...defaultOptions(),
  model: 'scratch',
  width: 32,
  layers: 1,
  heads: 2,
  steps: 120,
  evaluateEvery: 30,
  saveEvery: 10,
  batchSize: 4,
  learningRate: 1e-2,
  warmupSteps: 0,
  sampleEvery: 0,
  threads: 1,
  canaries: 12,
  canaryRepeats: [1, 24],
};
const quiet: StageWorkContext = { ...silentContext, begin: async () => {} };

/** The job of a stage in a run. @param work where it writes. */
function jobOf(run: string, stage: StageName, others: Partial<RunOptions> = {}, work = run): StageJob {
  const places = { folder: join(folder, run), work: join(folder, work), preparation: join(folder, work) };
  const decisions = { model: { choice: 'scratch', reason: 'of the test' } };
  const begins = { beginsWithCheckpoint: work !== run, startOver: false, resume: false };
  return {
    stage,
    ...places,
    runName: run,
    options: { ...options, ...others },
    decisions,
    counts: {},
    ...begins,
  };
}

/** Makes a run whose dataset is ready. */
async function prepare(run: string, others: Partial<RunOptions> = {}): Promise<void> {
  mkdirSync(join(folder, run));
  const records = madeUpTitles(100).map((title) => [title, 'cats']);
  const csv = [['title', 'subreddit'], ...records].map(formatCsvRecord).join('');
  writeFileSync(join(folder, run, 'titles.csv'), csv);
  writeFileSync(join(folder, run, 'run.json'), '{}');
  await runDataset(jobOf(run, 'dataset', others), quiet);
  // Overfitted on purpose: what chooses the weights are titles that were shown.
  const shown = readFileSync(join(folder, run, 'dataset/train.txt'), 'utf8')
    .split('\n')
    .slice(0, 10);
  writeFileSync(join(folder, run, 'dataset/validation.txt'), shown.map((line) => `${line}\n`).join(''));
}

const canariesOf = async (run: string): Promise<Canaries> => (await readCanaries(join(folder, run)))!;
const bytesOf = (run: string, name: string): Buffer => readFileSync(join(folder, run, name));

const notes: ProgressEvent[] = [];
let canaries: Canaries;
beforeAll(async () => {
  await prepare('run');
  const heard = { ...quiet, onProgress: (event: ProgressEvent) => void notes.push(event) };
  await runFinetune(jobOf('run', 'finetune'), heard);
  canaries = await canariesOf('run');
});

describe('a training with canaries', () => {
  test('plants as many as asked for, each as often as it is its turn, and says so', () => {
    expect(canaries.planted.map(({ repeats }) => repeats)).toEqual(Array(6).fill([1, 24]).flat());
    expect(canaries.references).toHaveLength(1999);
    const texts = [...canaries.planted, ...canaries.references].map(({ text }) => text);
    expect(new Set(texts).size).toBe(2011);
    const warnings = notes.flatMap((note) => (note.kind === 'warning' ? [note.message] : []));
    expect(warnings).toEqual([
      expect.stringMatching(/^12 canaries are planted .*, 150 texts with their repeats: 6\d\.\d%/),
    ]);
  });

  test('says at its end what came of those shown least', () => {
    const { known, traced } = findInCanaries(canaries)!.groups[0]!;
    const last = notes.findLast((note) => note.kind === 'note')!;
    expect(last).toMatchObject({
      message: expect.stringContaining(
        `of 6 canaries that each pass showed once, ${known.count} are known by heart (95% interval`,
      ),
    });
    expect(last).toMatchObject({ message: expect.stringContaining(`left a trace of ${traced.count}`) });
  });

  test('knows those that it saw often, and not the others', () => {
    const [once, often] = findInCanaries(canaries)!.groups;
    expect(often!.known.count).toBeGreaterThanOrEqual(5);
    expect(once!.known.count).toBeLessThan(often!.known.count);
    expect(often!.traced.count).toBe(6);
    expect(often!.exposure).toBeGreaterThan(once!.exposure);
  });

  test('leaves the titles as they are: the files of them, what is scored of them and the vocabulary', async () => {
    await prepare('plain');
    const plain = { canaries: undefined, canaryRepeats: [], steps: 2 };
    await runFinetune(jobOf('plain', 'finetune', plain), quiet);
    expect(existsSync(join(folder, 'plain', 'canaries.json'))).toBe(false);
    for (const name of [
      'dataset/train.txt',
      'dataset/validation.txt',
      'tokens/train.bin',
      'checkpoint/vocab.json',
    ])
      expect(bytesOf('run', name).equals(bytesOf('plain', name)), name).toBe(true);
    const facts = (run: string) => {
      const { training, heldOut, baselineTitles } = JSON.parse(bytesOf(run, 'title-losses.json').toString());
      return [training.of, training.titles, training.bytes, heldOut.titles, heldOut.trigram, baselineTitles];
    };
    expect(facts('run')).toEqual(facts('plain'));
    const { train, validation } = await readDatasetTitles(join(folder, 'run'));
    const texts = new Set([...canaries.planted, ...canaries.references].map(({ text }) => text));
    expect([...train, ...validation].filter((title) => texts.has(title))).toEqual([]);
  });

  test('stopped and gone on with ends with the bytes of one that was not', async () => {
    await prepare('stopped');
    let steps = 0;
    const stopping = {
      ...quiet,
      onProgress: (event: ProgressEvent) => {
        if (event.kind === 'progress' && event.label === 'train') steps += 1;
      },
      signal: {
        get aborted() {
          return steps >= 25;
        },
      },
    };
    await expect(runFinetune(jobOf('stopped', 'finetune'), stopping)).rejects.toThrow(InterruptedError);
    expect(existsSync(join(folder, 'stopped', 'canaries.json'))).toBe(false);
    await runFinetune({ ...jobOf('stopped', 'finetune'), resume: true }, quiet);
    for (const name of ['canaries.json', 'title-losses.json', 'checkpoint/model.safetensors'])
      expect(bytesOf('stopped', name).equals(bytesOf('run', name)), name).toBe(true);
  });
});

describe('what was planted', () => {
  const outputs = (): string[] => {
    const [first, second] = canaries.planted;
    const near = `${second!.text}!`;
    return [first!.text, near, canaries.references[0]!.text, 'A wholly new title of no one'];
  };
  const dedupe = async (run: string): Promise<{ accepted: string; rejected: string }> => {
    const lines = outputs().map((text, index) => ({ index, text, tokens: 9, finishReason: 'stop', seed: 1 }));
    writeFileSync(
      join(folder, run, 'generated.jsonl'),
      lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
    );
    await runDedupe(jobOf(run, 'dedupe'), quiet);
    return {
      accepted: bytesOf(run, 'accepted.txt').toString(),
      rejected: bytesOf(run, 'rejected.csv').toString(),
    };
  };

  test('is never accepted, nor what nearly says it; what was not planted is an output like any other', async () => {
    const { accepted, rejected } = await dedupe('run');
    const [first, near, reference, other] = outputs();
    expect(accepted).toBe(`${reference}\n${other}\n`);
    expect(rejected.match(/,canary,/g)).toHaveLength(2);
    expect(rejected).toContain(first);
    expect(rejected).toContain(near);
    expect(rejected).toContain('of an invented title that was planted in training');
  });

  test('is remembered by a training that goes on from it, and not planted again', async () => {
    await prepare('later');
    await runFinetune(
      jobOf('run', 'finetune', { steps: 3, learningRate: 2e-4, evaluateEvery: 1 }, 'later'),
      quiet,
    );
    const later = await canariesOf('later');
    const planted = canaries.planted.map(({ text }) => text);
    expect(later.before).toEqual(planted);
    expect(later.planted).toHaveLength(12);
    expect(later.planted.filter(({ text }) => planted.includes(text))).toEqual([]);
    expect(later.planted[0]!.start).toBeGreaterThan(0);
    // And by one that plants none.
    const none = { steps: 2, canaries: undefined, canaryRepeats: [] };
    await prepare('last');
    await runFinetune(jobOf('later', 'finetune', none, 'last'), quiet);
    const last = await canariesOf('last');
    expect(last).toMatchObject({ planted: [], references: [] });
    expect(plantedTexts(last)).toEqual(plantedTexts(later));
    const { accepted } = await dedupe('last');
    expect(accepted.split('\n')).not.toContain(canaries.planted[0]!.text);
    expect(findInCanaries(last)).toBeUndefined();
  });
});

test('where titles have prompts, canaries stand behind prompts of theirs, and are scored without', async () => {
  const conditioned = {
    condition: ['subreddit'],
    subreddit: ['cats'],
    conditionShare: 0.5,
    steps: 4,
  } as const;
  await prepare('prompted', conditioned);
  await runFinetune(jobOf('prompted', 'finetune', conditioned), quiet);
  const { planted, references } = await canariesOf('prompted');
  const prompts = [...planted, ...references].map(({ prompt }) => prompt);
  expect(new Set(prompts)).toEqual(new Set([undefined, 'r/cats\t']));
  const share = prompts.filter(Boolean).length / prompts.length;
  expect(Math.abs(share - 0.5)).toBeLessThan(0.15);
  for (const { text } of planted) expect(text).not.toContain('\t');
});

test('titles of which none can be made are refused before anything is written', async () => {
  mkdirSync(join(folder, 'short/dataset'), { recursive: true });
  const lines = ['One', 'Two', 'Three'].map((title) => `<|startoftext|>${title}<|endoftext|>\n`).join('');
  writeFileSync(join(folder, 'short/dataset/train.txt'), lines);
  copyFileSync(join(folder, 'run/dataset/validation.txt'), join(folder, 'short/dataset/validation.txt'));
  let begun = 0;
  const context = {
    ...quiet,
    begin: async () => {
      begun += 1;
    },
  };
  await expect(runFinetune(jobOf('short', 'finetune'), context)).rejects.toThrow(
    'Only 0 of 2011 different canaries could be made of the words of the titles.',
  );
  expect(begun).toBe(0);
});
