import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { InterruptedError } from '../../../src/common/errors.js';
import { firstDraw, type Verdict } from '../../../src/common/judgement.js';
import { type ProgressEvent, silentContext } from '../../../src/common/progress.js';
import { createRandom } from '../../../src/common/random.js';
import { withoutCondition } from '../../../src/data/conditioning.js';
import { overfitStatistics } from '../../../src/dedupe/verdict/statistics.js';
import { formatCsvRecord } from '../../../src/io/csv.js';
import { maximumTurns } from '../../../src/model/generation/generation-request.js';
import type { GeneratedText } from '../../../src/model/generation/sequence.js';
import { loadTokenizer } from '../../../src/model/weights/load-tokenizer.js';
import type { StageName } from '../../../src/options/choices.js';
import type { RunOptions } from '../../../src/options/option-table.js';
import { defaultOptions } from '../../../src/options/option-values.js';
import { generateFromModel } from '../../../src/pipeline/generate-apart.js';
import { writeCanaries } from '../../../src/pipeline/run/canaries-file.js';
import { readJudgement } from '../../../src/pipeline/run/judgement-file.js';
import { readDatasetTitles, runDataset } from '../../../src/pipeline/stages/dataset.js';
import { runDedupe } from '../../../src/pipeline/stages/dedupe.js';
import { runFinetune } from '../../../src/pipeline/stages/finetune.js';
import { runGenerate } from '../../../src/pipeline/stages/generate.js';
import { readGenerated } from '../../../src/pipeline/stages/generated-file.js';
import { openNovelty } from '../../../src/pipeline/stages/novelty.js';
import type { StageJob, StageWorkContext } from '../../../src/pipeline/stages/stage.js';
import { decideOptions } from '../../../src/run/decided-options.js';
import { formatGenerated } from '../../../src/run/generated-texts.js';
import { madeUpTitles } from '../../cli/titles.js';
import { temporaryFolder } from '../../model/transformer/fixtures.js';

const folder = temporaryFolder();
/** A tiny model that learns most of its titles by heart. */
const options: RunOptions = {
  ...defaultOptions(),
  model: 'scratch',
  width: 48,
  layers: 1,
  heads: 2,
  steps: 110,
  evaluateEvery: 110,
  batchSize: 4,
  learningRate: 1e-2,
  warmupSteps: 0,
  sampleEvery: 0,
  validationShare: 0.3,
  threads: 1,
  nsamples: 60,
  length: 24,
  temperature: 1,
};
const quiet: StageWorkContext = { ...silentContext, begin: async () => {} };

function jobOf(run: string, stage: StageName, others: Partial<RunOptions> = {}): StageJob {
  const places = { folder: join(folder, run), work: join(folder, run), preparation: join(folder, run) };
  const decisions = { model: { choice: 'scratch', reason: 'of the test' } };
  const begins = { beginsWithCheckpoint: false, startOver: false, resume: false };
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

const generated = () => readGenerated(join(folder, 'run', 'generated.jsonl'));
const judge = async () => {
  await runDedupe(jobOf('run', 'dedupe'), quiet);
  return readJudgement(join(folder, 'run'));
};

/** A context that asks to stop once so many texts are finished. */
function stoppingAfter(count: number): StageWorkContext {
  let texts = 0;
  return {
    ...quiet,
    onProgress: ({ kind }) => {
      if (kind === 'progress') texts++;
    },
    signal: {
      get aborted() {
        return texts > count;
      },
    },
  };
}

beforeAll(async () => {
  mkdirSync(join(folder, 'run'));
  const csv = [['title'], ...madeUpTitles(130).map((title) => [title])].map(formatCsvRecord).join('');
  writeFileSync(join(folder, 'run', 'titles.csv'), csv);
  writeFileSync(join(folder, 'run', 'run.json'), '{}');
  await runDataset(jobOf('run', 'dataset'), quiet);
  await runFinetune(jobOf('run', 'finetune'), quiet);
});

describe('--novel', () => {
  test('leaves no copy to refuse, and the verdict as it was', async () => {
    await runGenerate(jobOf('run', 'generate'), quiet);
    const [plain, usual] = [await generated(), await judge()];
    const copies = usual.verdicts.filter(({ copied }) => copied).length;
    expect(copies).toBeGreaterThan(8);
    expect(copies).toBeLessThan(56);

    const counts = await runGenerate(jobOf('run', 'generate', { novel: true }), quiet);
    const [texts, judged] = [await generated(), await judge()];
    expect(judged.verdicts.filter(({ copied, reason }) => copied || reason === 'held-out title')).toEqual([]);
    expect(counts.turnedAway!.titles).toBeGreaterThanOrEqual(copies);
    expect(counts.turnedAway!.draws).toBeGreaterThanOrEqual(counts.turnedAway!.titles);
    expect(texts.map(({ text, turnedAway }) => turnedAway?.first ?? text)).toEqual(
      plain.map(({ text }) => text),
    );

    const statistics = ({ verdicts, heldOut, membership }: typeof usual) =>
      overfitStatistics(verdicts.map(firstDraw), heldOut, { membership });
    expect(statistics(judged)).toEqual(statistics(usual));
    expect(statistics(judged).outputs.copies.count).toBe(copies);
  });

  test('stopped and started again, ends with the bytes of one that was not', async () => {
    const path = join(folder, 'run', 'generated.jsonl');
    await runGenerate(jobOf('run', 'generate', { novel: true, slots: 8 }), quiet);
    const whole = readFileSync(path);
    rmSync(path);
    const job = jobOf('run', 'generate', { novel: true, slots: 8 });
    await expect(runGenerate(job, stoppingAfter(20))).rejects.toThrow(InterruptedError);
    await runGenerate({ ...job, resume: true }, quiet);
    expect(readFileSync(path).equals(whole)).toBe(true);
  });

  test('asks about a prefix that is a copy too, where nothing follows it', async () => {
    const [title] = (await readDatasetTitles(join(folder, 'run'))).train;
    const events: ProgressEvent[] = [];
    const told = { ...quiet, onProgress: (event: ProgressEvent) => events.push(event) };
    // The end token is all but certain, so that little but the prefix itself is left to say.
    const endToken = (await loadTokenizer(join(folder, 'run', 'checkpoint'))).endOfTextId;
    const prefixed = { novel: true, nsamples: 4, prefix: title!, logitBias: { [endToken]: 30 } };
    await runGenerate(jobOf('run', 'generate', prefixed), told);
    const texts = await generated();
    expect(texts.map(({ text }) => text)).toEqual(new Array(4).fill(title));
    expect(texts.every(({ turnedAway }) => turnedAway?.draws === maximumTurns - 1)).toBe(true);
    expect(events.findLast(({ kind }) => kind === 'warning')).toMatchObject({
      message: `4 of 4 generated texts are still such as are turned away after ${maximumTurns} draws each.`,
    });
  });

  test('turns copies of canaries away', async () => {
    cpSync(join(folder, 'run'), join(folder, 'planted'), { recursive: true });
    await runGenerate(jobOf('planted', 'generate'), quiet);
    const texts = await readGenerated(join(folder, 'planted', 'generated.jsonl'));
    await runDedupe(jobOf('planted', 'dedupe'), quiet);
    const { verdicts } = await readJudgement(join(folder, 'planted'));
    const canary = texts[verdicts.findIndex(({ reason }) => reason === undefined)]!.text;
    const nothing = { step: 1, passes: 1, seed: 1, planted: [], references: [] };
    await writeCanaries(join(folder, 'planted'), { ...nothing, before: [canary] });
    await runDedupe(jobOf('planted', 'dedupe'), quiet);
    const judged = await readJudgement(join(folder, 'planted'));
    expect(judged.verdicts.some(({ reason }) => reason === 'canary')).toBe(true);
    await runGenerate(jobOf('planted', 'generate', { novel: true }), quiet);
    await runDedupe(jobOf('planted', 'dedupe'), quiet);
    const novel = await readJudgement(join(folder, 'planted'));
    expect(novel.verdicts.some(({ text, reason }) => reason === 'canary' || text === canary)).toBe(false);
  });

  test('turns away what the dedupe stage would refuse for copying, and nothing else', async () => {
    const place = join(folder, 'hostile');
    mkdirSync(join(place, 'dataset'), { recursive: true });
    const titles = [
      ...madeUpTitles(140),
      'Crème brûlée for \u{1F469}\u200D\u{1F680} and \u{1F1EB}\u{1F1F7}: who else eats it so late at night?',
      '東京で一番おいしいラーメンはどこですか、教えてください',
      'AITA for not telling my sister that the cat is hers',
    ];
    const [train, heldOut] = [titles.filter((_, i) => i % 4 > 0), titles.filter((_, i) => i % 4 === 0)];
    // As of two subreddits, whose names a model is prompted with.
    const lines = (list: readonly string[]) =>
      list.map((title, i) => `<|startoftext|>r/${i % 2 ? 'one' : 'two'}\t${title}<|endoftext|>\n`).join('');
    writeFileSync(join(place, 'dataset', 'train.txt'), lines(train));
    writeFileSync(join(place, 'dataset', 'validation.txt'), lines(heldOut));
    const canary = 'Seven teapots argued about the weather in a lighthouse until Thursday';
    const nothing = { step: 1, passes: 1, seed: 1, planted: [], references: [] };
    await writeCanaries(place, { ...nothing, before: [canary] });
    // Which the base model was trained on.
    const base = 'Good morning!';

    const random = createRandom(7, 'hostile texts');
    const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)]!;
    const half = (text: string, last: boolean): string => {
      const words = text.split(' ');
      const middle = 1 + random.integer(Math.max(1, words.length - 1));
      return (last ? words.slice(middle) : words.slice(0, middle)).join(' ');
    };
    const changes: readonly ((text: string) => string)[] = [
      (text) => text,
      (text) => text.toUpperCase(),
      (text) => `  ${text.toLowerCase()}\u00a0`,
      (text) => text.normalize('NFD'),
      (text) => text.replaceAll(' ', '  ').replaceAll('e', 'é'),
      (text) => [...text].join('\u200d'),
      (text) => text.replaceAll('a', 'а'),
      (text) => `${text} \u{1F600}`,
      (text) => `r/one\t${text}`,
      (text) => `${text}\n${text}`,
      (text) => text.slice(0, -3),
      (text) => half(text, false),
      (text) => `${half(text, false)} ${half(pick(train), true)}`,
      (text) => `${half(text, true)} ${pick(heldOut)}`,
      (text) => `${text.slice(0, 12)}\ufffd`,
      (text) => text.split(' ').reverse().join(' '),
      (text) => text.split(' ').slice(2, 5).join(' '),
    ];
    const sources = [...train, ...heldOut, canary, base];
    const texts = [
      '',
      '\u200b',
      ...Array.from({ length: 600 }, () => pick(changes)(pick(sources))),
      ...changes.flatMap((change) => [canary, base].map(change)),
    ];
    const outputs = texts.map((text, index) => ({
      index,
      text: withoutCondition(text),
      tokens: 1,
      finishReason: 'stop' as const,
      seed: 1,
    }));
    writeFileSync(join(place, 'generated.jsonl'), formatGenerated(outputs));
    const decisions = { model: { choice: 'base', reason: 'of the test' } };
    const found = new Set<string | undefined>();
    for (const similarityThreshold of [0.8, 0.5, 'auto'] as const) {
      const job = { ...jobOf('hostile', 'dedupe', { similarityThreshold }), decisions };
      await runDedupe(job, quiet);
      const { verdicts } = await readJudgement(place);
      const { mayStand } = await openNovelty(place, job.options, decisions, quiet);
      const isKnown = ({ copied, reason }: Verdict): boolean =>
        copied || ['held-out title', 'canary', 'base copy'].includes(reason ?? '');
      expect(texts.filter((text) => !mayStand(text))).toEqual(texts.filter((_, i) => isKnown(verdicts[i]!)));
      for (const { reason } of verdicts) found.add(reason);
    }
    const kinds = ['exact copy', 'near copy', 'disguised copy', 'held-out title', 'canary', 'base copy'];
    expect([...found]).toEqual(expect.arrayContaining([undefined, 'blank', 'broken text', ...kinds]));
  });

  test('ends where hardly anything is no copy', async () => {
    const asked = { novel: true, nsamples: 3, similarityThreshold: 0.01 };
    const counts = await runGenerate(jobOf('run', 'generate', asked), quiet);
    expect(counts.turnedAway).toEqual({ titles: 3, draws: 3 * (maximumTurns - 1) });
  });

  test('is refused of a model whose titles are not known', async () => {
    const texts = generateFromModel(join(folder, 'run', 'checkpoint'), { novel: true });
    await expect(texts.next()).rejects.toThrow(
      /^--novel compares with the titles of a run, and .* is a model without any\.$/,
    );
  });
});

describe('--best-of', () => {
  const ratingOf = ({ chosen }: GeneratedText): number => chosen!.closestRating!;

  test('keeps of its candidates the one least like a title, and the verdict as it was', async () => {
    await runGenerate(jobOf('run', 'generate'), quiet);
    const [plain, usual] = [await generated(), await judge()];
    const notes: ProgressEvent[] = [];
    const told = { ...quiet, onProgress: (event: ProgressEvent) => notes.push(event) };
    const best = { bestOf: 4, rank: 'novelty' } as const;
    const counts = await runGenerate(jobOf('run', 'generate', best), told);
    const [texts, judged] = [await generated(), await judge()];
    expect(notes).toContainEqual({
      kind: 'note',
      message:
        'best of 4: of 4 candidates for each title the one least like any title that the model was shown, refused ones last',
    });
    for (const [index, text] of texts.entries()) {
      expect(ratingOf(text)).toBeCloseTo(judged.verdicts[index]!.closestRating, 6);
      expect(text.chosen!.first ?? text.text).toBe(plain[index]!.text);
      if (usual.verdicts[index]!.reason === undefined)
        expect(ratingOf(text)).toBeLessThanOrEqual(usual.verdicts[index]!.closestRating + 1e-6);
    }
    const copies = ({ verdicts }: typeof usual) => verdicts.filter(({ copied }) => copied).length;
    // Where 52 of 60 recite, all of four candidates do in 34.
    expect(copies(judged)).toBeLessThan(0.8 * copies(usual));
    expect(counts.chosen).toEqual({
      titles: 60,
      others: texts.filter(({ chosen }) => chosen!.candidate > 1).length,
    });
    expect(judged.verdicts.map(firstDraw).map(({ text, copied }) => [text, copied])).toEqual(
      usual.verdicts.map(({ text, copied }) => [text, copied]),
    );
  });

  test('is decided with the threshold, where titles are compared', async () => {
    const decided = (given: Partial<RunOptions>) =>
      decideOptions('generate', { ...options, ...given }, { isFromBase: false });
    expect(await decided({})).not.toHaveProperty('bestOf');
    expect(await decided({ bestOf: 2 })).toMatchObject({ bestOf: 2, rank: 'probability' });
    expect(await decided({ bestOf: 2 })).not.toHaveProperty('similarityThreshold');
    expect(await decided({ bestOf: 2, rank: 'both' })).toHaveProperty('similarityThreshold');
  });

  test('stopped and started again, ends with the bytes of one that was not', async () => {
    const path = join(folder, 'run', 'generated.jsonl');
    const asked = { bestOf: 3, rank: 'both', slots: 8 } as const;
    await runGenerate(jobOf('run', 'generate', asked), quiet);
    const whole = readFileSync(path);
    rmSync(path);
    const job = jobOf('run', 'generate', { ...asked, slots: 5 });
    await expect(runGenerate(job, stoppingAfter(20))).rejects.toThrow(InterruptedError);
    await runGenerate({ ...job, resume: true }, quiet);
    expect(readFileSync(path).equals(whole)).toBe(true);
  });

  test('by novelty is refused of a model whose titles are not known', async () => {
    const texts = generateFromModel(join(folder, 'run', 'checkpoint'), { bestOf: 2, rank: 'both' });
    await expect(texts.next()).rejects.toThrow(
      /^--rank both compares with the titles of a run, and .* is a model without any\.$/,
    );
  });
});
