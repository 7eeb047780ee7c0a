import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type ProgressEvent, silentContext } from '../../../src/common/progress.js';
import { baseFolder } from '../../../src/model/weights/base-folder.js';
import type { RunOptions } from '../../../src/options/option-table.js';
import { defaultOptions } from '../../../src/options/option-values.js';
import { decideSentenceModel } from '../../../src/pipeline/decide/sentence-model.js';
import { descendsFromBase } from '../../../src/pipeline/run/base-descent.js';
import { describeWork } from '../../../src/pipeline/stage-work.js';
import { runDedupe } from '../../../src/pipeline/stages/dedupe.js';
import type { Manifest } from '../../../src/run/manifest.js';
import { madeUpTitles } from '../../cli/titles.js';
import { sentenceModelFolder, sentenceModelTest } from '../../model/sentence-model.js';
import { temporaryFolder } from '../../model/transformer/fixtures.js';

const base = { model: { choice: 'base', reason: 'named with --model' } };
const nano = { model: { choice: 'nano', reason: 'named with --model' } };

/** A folder with the files that dedupe reads. @param config copied as that of the checkpoint. */
function makeRun(config?: string): string {
  const folder = temporaryFolder();
  for (const name of ['dataset', 'checkpoint']) mkdirSync(join(folder, name));
  const titles = madeUpTitles(40).map((title) => `<|startoftext|>${title}<|endoftext|>\n`);
  writeFileSync(join(folder, 'dataset/train.txt'), titles.slice(0, 30).join(''));
  writeFileSync(join(folder, 'dataset/validation.txt'), titles.slice(30).join(''));
  const texts = ['Good morning!', 'A wholly new title of no one, number 7'];
  const outputs = texts.map((text, index) => ({ index, text, tokens: 9, finishReason: 'stop', seed: 1 }));
  writeFileSync(join(folder, 'generated.jsonl'), outputs.map((each) => `${JSON.stringify(each)}\n`).join(''));
  if (config !== undefined) copyFileSync(config, join(folder, 'checkpoint/config.json'));
  return folder;
}

async function dedupeOf(
  folder: string,
  decisions: Manifest['decisions'],
  given: Partial<RunOptions> = {},
  resume = false,
) {
  const notes: string[] = [];
  const options = { ...defaultOptions(), ...given };
  const onProgress = (event: ProgressEvent) => {
    if (event.kind === 'note') notes.push(event.message);
  };
  const job = {
    stage: 'dedupe',
    folder,
    work: folder,
    preparation: folder,
    runName: 'made-up',
    options,
    decisions,
    counts: {},
    resume,
    beginsWithCheckpoint: false,
    startOver: false,
  } as const;
  const context = { onProgress, signal: { aborted: false }, begin: async () => {} };
  const counts = await runDedupe(job, context);
  const manifest = { name: 'made-up', decisions, stages: {} } as unknown as Manifest;
  const { fingerprint, options: decided } = await describeWork('dedupe', {
    folder: { path: folder, manifest },
    options,
    decisions,
  });
  const judgement = readFileSync(join(folder, 'judgement.json'), 'utf8');
  const accepted = readFileSync(join(folder, 'accepted.txt'), 'utf8');
  const rejected = readFileSync(join(folder, 'rejected.csv'), 'utf8');
  return { notes, counts, judgement, accepted, rejected, work: { fingerprint, decided } };
}

const baseConfig = join(baseFolder, 'config.json');

test('a run whose checkpoint descends from the base model has base copies refused, or kept', async () => {
  // A later run may begin with the folder of an earlier one: its checkpoint says it, whatever it was named by.
  const folder = makeRun(baseConfig);
  const refused = await dedupeOf(folder, { model: { choice: '../runs/earlier', reason: '' } });
  expect(refused.counts).toEqual({ accepted: 1, rejected: 1, rejectedByReason: { 'base copy': 1 } });
  expect(refused.notes.join('\n')).toContain('are refused as base copies');
  expect(refused.rejected).toMatch(
    /^Good morning!,base copy,[\d.]+,,,stands in the titles that the base model was trained on\r?$/m,
  );
  const kept = await dedupeOf(folder, base, { keepBaseCopies: true });
  expect(kept.accepted).toMatch(/^Good morning!\n/);
  expect(kept.notes.join('\n')).toContain('told apart, but kept');
  expect(kept.work.decided).toEqual({ ...refused.work.decided, keepBaseCopies: true });
});

test('for another model nothing changes, not by the option either, which says so', async () => {
  const other = join(temporaryFolder(), 'config.json');
  writeFileSync(other, readFileSync(baseConfig, 'utf8').replace('titlesmith_descends_from', 'other'));
  const folder = makeRun(other);
  const plain = await dedupeOf(folder, nano);
  expect(plain.counts).toEqual({ accepted: 2, rejected: 0, rejectedByReason: {} });
  expect(plain.judgement).not.toMatch(/inBase|baseCopies|baseReason/);
  expect(plain.work.decided).toEqual({ similarityThreshold: 0.8 });
  const { notes, ...kept } = await dedupeOf(folder, nano, { keepBaseCopies: true });
  expect(notes.at(-1)).toMatch(/^--keep-base-copies changes nothing/);
  expect(kept).toEqual({ ...plain, notes: undefined });
});

test('the checkpoint decides what a model descends from; without one, what the run recorded', async () => {
  expect(await descendsFromBase(makeRun(baseConfig), nano)).toBe(true);
  expect(await descendsFromBase(makeRun(), base)).toBe(true);
  expect(await descendsFromBase(makeRun(), nano)).toBe(false);
  expect(await descendsFromBase(makeRun(), {})).toBe(false);
  const nanoConfig = join(temporaryFolder(), 'config.json');
  writeFileSync(nanoConfig, readFileSync(baseConfig, 'utf8').replace('"base"', '"another"'));
  expect(await descendsFromBase(makeRun(nanoConfig), base)).toBe(false);
});

sentenceModelTest('with --semantic a paraphrase is refused, by the model that is recorded', async () => {
  const folder = makeRun();
  const planted = 'The village baker has lost his favourite wooden spoon';
  const train = join(folder, 'dataset/train.txt');
  writeFileSync(train, `${readFileSync(train, 'utf8')}<|startoftext|>${planted}<|endoftext|>\n`);
  const output = {
    index: 2,
    text: 'His favourite spoon, made of wood, was lost by the baker of the village',
  };
  const generated = join(folder, 'generated.jsonl');
  const line = JSON.stringify({ ...output, tokens: 9, finishReason: 'stop', seed: 1 });
  writeFileSync(generated, `${readFileSync(generated, 'utf8')}${line}\n`);
  const plain = await dedupeOf(folder, nano);
  expect(plain.counts).toEqual({ accepted: 3, rejected: 0, rejectedByReason: {} });

  const semantic = { semantic: true, semanticModel: sentenceModelFolder };
  const sentenceModel = await decideSentenceModel(semantic, silentContext);
  expect(sentenceModel).toMatchObject({ choice: sentenceModelFolder, reason: 'named with --semantic-model' });
  const decisions = { ...nano, sentenceModel };
  const found = await dedupeOf(folder, decisions, semantic);
  expect(found.counts).toEqual({ accepted: 2, rejected: 1, rejectedByReason: { paraphrase: 1 } });
  expect(found.rejected).toMatch(
    /^"His favourite .*,paraphrase,0\.\d+,The village baker .*,,means what .* cosine 0\.9\d\d of their vectors\r?$/m,
  );
  expect(found.notes).toContain(
    'Paraphrases count from a cosine of 0.90 on, by model.onnx, sha256 8199be6f: ' +
      '10 held-out titles are too few to choose it by; 100 are needed.',
  );
  expect(found.work.decided).toEqual({ similarityThreshold: 0.8, semantic: true });
  expect(found.work.fingerprint).not.toBe(plain.work.fingerprint);
  expect(existsSync(join(folder, 'meaning-search.json'))).toBe(false);

  const strict = await dedupeOf(folder, decisions, { ...semantic, semanticThreshold: 0.99 });
  expect(strict.counts.rejected).toBe(0);
  expect(strict.notes).toContain(
    'Paraphrases count from a cosine of 0.99 on, by model.onnx, sha256 8199be6f: that was given; ' +
      'of the held-out titles it would refuse 0 of 10 = 0.0% (95% interval 0.0 to 27.8), besides those that other rules refuse.',
  );
  expect(strict.work.decided).toEqual({ similarityThreshold: 0.8, semantic: true, semanticThreshold: 0.99 });
  const auto = await dedupeOf(folder, decisions, { ...semantic, semanticThreshold: 'auto' });
  expect(auto.work.fingerprint).toBe(found.work.fingerprint);

  // What an interrupted stage left counts where it goes on with the same work, and only there.
  const closest = Array<number>(13).fill(3);
  const state = { titles: 31, cosines: closest.map(() => [9876]), closest };
  const search = join(folder, 'meaning-search.json');
  writeFileSync(search, JSON.stringify(state));
  const resumed = await dedupeOf(folder, decisions, semantic, true);
  expect(resumed.counts.rejectedByReason).toEqual({ paraphrase: 3 });
  expect(existsSync(search)).toBe(false);
  writeFileSync(search, JSON.stringify(state));
  expect((await dedupeOf(folder, decisions, semantic)).judgement).toBe(found.judgement);
  // One that was saved in another form, or not whole, is passed over.
  writeFileSync(search, JSON.stringify({ ...state, cosines: closest.map(() => 9876) }));
  expect((await dedupeOf(folder, decisions, semantic, true)).judgement).toBe(found.judgement);
  writeFileSync(search, '{ "titles": 31');
  expect((await dedupeOf(folder, decisions, semantic, true)).judgement).toBe(found.judgement);
});
