import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ProgressEvent, silentContext } from '../../../src/common/progress.js';
import type { FinetuneCounts } from '../../../src/common/stage-counts.js';
import { readTrainedCondition } from '../../../src/data/trained-condition.js';
import { FingerprintSet } from '../../../src/dedupe/fingerprint-set.js';
import { titleFingerprint } from '../../../src/dedupe/title-fingerprint.js';
import { packageRoot } from '../../../src/io/package-root.js';
import { resolveModel } from '../../../src/model/weights/resolve-model.js';
import { readManifest } from '../../../src/pipeline/run/manifest-file.js';
import { writeDumpTitles } from '../../../tools/base/dump-titles.js';
import { main } from '../../../tools/base/train.js';

const entry = join(packageRoot, 'dist/cli.js');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'base-train-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const things = ['rain', 'bread', 'trains', 'owls', 'paper', 'salt', 'winter', 'maps', 'glass', 'tea'];
const line = (title: string, subreddit: string, more: object = {}): string =>
  JSON.stringify({ title, subreddit, score: 1, over_18: false, ...more });
const posts = things.flatMap((thing) =>
  things.map((other, index) =>
    line(`What do you know about ${thing} and ${other}?`, index % 2 === 0 ? 'Things' : 'More_Things'),
  ),
);
const leftOut = [
  line('A title of a subreddit that is left out', 'LeftOut'),
  line('A title that is marked', 'things', { over_18: true }),
  line('A title with a Forbidden word', 'things'),
  line('unforbidden is another word', 'things'),
  'no post at all',
];

test('titles of dumps are all but those that are left out, which are counted', async () => {
  const dump = join(folder, 'RS_mixed.ndjson');
  writeFileSync(dump, [posts[1], ...leftOut].join('\n'));
  const exclusions = { subreddits: new Set(['leftout']), words: new Set(['forbidden']) };
  const warnings: string[] = [];
  const onProgress = (event: ProgressEvent): void => {
    if (event.kind === 'warning') warnings.push(event.message);
  };
  const path = join(folder, 'titles.csv');
  const { counts, subreddits } = await writeDumpTitles([dump], path, exclusions, {
    ...silentContext,
    onProgress,
  });
  expect(counts).toEqual({ kept: 2, subreddit: 1, over18: 1, word: 1 });
  expect(subreddits).toEqual(['more_things', 'things']);
  const rows = [
    'title,subreddit',
    'What do you know about rain and bread?,more_things',
    'unforbidden is another word,things',
  ];
  expect(readFileSync(path, 'utf8')).toBe(rows.map((row) => `${row}\r\n`).join(''));
  expect(warnings).toEqual(['1 line that is no post was left out: RS_mixed.ndjson line 6 (not JSON)']);
  rmSync(dump);
});

test('a base is made of dumps: titles but those excluded, a model of the given size, its matrices in 8 bits', async () => {
  const half = posts.length / 2;
  writeFileSync(join(folder, 'RS_a.ndjson'), `${[...posts.slice(0, half), ...leftOut].join('\n')}\n`);
  writeFileSync(join(folder, 'RS_b.ndjson.gz'), gzipSync(posts.slice(half).join('\n')));
  writeFileSync(join(folder, 'excluded.txt'), 'leftout\n');
  writeFileSync(join(folder, 'words.txt'), 'forbidden\n');
  const to = join(folder, 'made');
  const size = '--width 16 --blocks 1 --heads 2 --vocabulary-size 1000 --context-length 80 --row-length 32';
  const training = '--steps 8 --warmup-steps 1 --learning-rate 0.02 --accumulate-gradients 1 --threads 1';
  const prompts = '--condition subreddit --condition-share 0.5';
  const input = ['--input', join(folder, 'RS_*'), '--to', to];
  const excluded = [
    '--keep-out-file',
    join(folder, 'excluded.txt'),
    '--keep-out-words',
    join(folder, 'words.txt'),
  ];
  await main([...input, ...excluded, '--', ...`${size} ${training} ${prompts}`.split(' ')], entry);

  const titles = readFileSync(join(to, 'titles.csv'), 'utf8').split('\r\n');
  expect(titles).toHaveLength(1 + posts.length + 1 + 1);

  const manifest = await readManifest(join(to, 'run'));
  const counts = manifest?.stages.finetune?.counts as unknown as FinetuneCounts;
  expect(counts.bestValidationLoss).toBeLessThan(counts.initialValidationLoss - 0.5);
  const { configuration, weights } = await resolveModel(join(to, 'base'));
  expect(configuration).toMatchObject({
    width: 16,
    layers: 1,
    heads: 2,
    contextLength: 80,
    vocabularySize: 1000,
  });
  const trained = await resolveModel(join(to, 'run', 'checkpoint'));
  const [own, rounded] = [trained.weights.flat, weights.flat];
  expect(rounded.every((value, index) => Math.abs(value - own[index]!) < 0.01)).toBe(true);
  expect(rounded).not.toEqual(own);

  expect(await readTrainedCondition(join(to, 'base'))).toEqual({
    names: ['subreddit'],
    share: 0.5,
    subreddits: ['more_things', 'things'],
    keptOut: ['leftout'],
  });
  const bytes = readFileSync(join(to, 'base', 'fingerprints.bin'));
  const fingerprints = FingerprintSet.decode(bytes, 'fingerprints.bin');
  const isKnown = (title: string): boolean => fingerprints.has(titleFingerprint(title));
  const trainedOn = readFileSync(join(to, 'run', 'dataset', 'train.txt'), 'utf8').match(
    /[^\t>]+(?=<\|endoftext)/g,
  );
  expect(trainedOn?.every(isKnown)).toBe(true);
  expect(fingerprints.size).toBe(trainedOn?.length);
});

test('names to keep out are read before a folder is made: one that is none is refused by its line', async () => {
  writeFileSync(join(folder, 'RS_c.ndjson'), posts.join('\n'));
  writeFileSync(join(folder, 'names.txt'), 'leftout\nno subreddit\n');
  const to = join(folder, 'none');
  const call = ['--input', join(folder, 'RS_c*'), '--to', to, '--keep-out-file', join(folder, 'names.txt')];
  await expect(main(call, entry)).rejects.toThrow(`${join(folder, 'names.txt')}:2 got "no subreddit"`);
  expect(existsSync(to)).toBe(false);
});
