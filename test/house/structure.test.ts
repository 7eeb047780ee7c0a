import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import { readWalks } from '../../tools/structure/walks.js';
import { readStructure, unusedExports } from '../../tools/structure.js';

const [fewestLines, mostLines] = [20, 400];

/** Files that are short on purpose, and why they stand alone. */
const reasons: Readonly<Record<string, string>> = {
  'src/cli.ts': 'loads the program where even that may fail',
  'src/cli/exit-codes.ts': 'the exit codes of all commands',
  'src/common/collect.ts': 'used by rooms that share nothing else',
  'src/common/package-facts.ts': 'told to runs, servers and archives, on Node and in browsers',
  'src/common/subreddit-name.ts': 'what options, commands and the page read a name by',
  'src/common/yield-to-event-loop.ts': 'where a browser and Node differ',
  'src/dedupe/title-fingerprint.ts': 'what Python is the oracle of',
  'src/data/sources/query-text.ts': 'what two sources that know nothing of each other read from disk',
  'src/data/titles-file.ts': 'the part of reading titles.csv that a browser lacks',
  'src/io/compression/beginning.ts': 'what the two decompressors have in common',
  'src/io/foreign-library.ts': 'the door of an outside package',
  'src/io/shown-name.ts': 'one idea: what a copy of a pipe is called',
  'src/io/package-root.ts': 'where the files lie that ship with the program',
  'src/model/engine/optional-packages.d.ts': 'types of packages that are not installed',
  'src/model/engine/onnx/grouped-rows.ts': 'the products in which rows have matrices of their own',
  'src/model/training/training-options.ts': 'known to those that ask for training without loading it',
  'src/model/weights/base-folder.ts': 'the part of the base model that a browser lacks',
  'src/run/hash-value.ts': 'what records and plans of runs and batches are compared by',
  'src/site/worker/once.ts': 'what device and model are loaded by',
  'src/web/slider.ts': 'the control that two pages have in common',
  'src/report/verdict-words.ts': 'what report, batch and terminal call a verdict',
  'src/pipeline/run/base-descent.ts': 'asked by a stage, by what decides whether it runs, and by serve',
};

const structure = readStructure(packageRoot);

test(`no source file has fewer than ${fewestLines} lines without a reason, nor more than ${mostLines}`, () => {
  const short = structure.files.filter(({ lines }) => lines < fewestLines).map(({ file }) => file);
  expect(short.sort()).toEqual(Object.keys(reasons).sort());
  expect(structure.files.filter(({ lines }) => lines > mostLines)).toEqual([]);
});

test('every export has a user outside its file', () => {
  expect(unusedExports(structure).map(({ file, name }) => `${file} ${name}`)).toEqual([]);
});

test('the walks of docs/architecture.md pass files that are there, and not too many', () => {
  const walks = readWalks(readFileSync(join(packageRoot, 'docs/architecture.md'), 'utf8'));
  const most = [14, 8, 8, 8, 10];
  expect(walks).toHaveLength(most.length);
  for (const [index, { name, files }] of walks.entries()) {
    expect(
      files.filter((file) => !existsSync(join(packageRoot, file))),
      name,
    ).toEqual([]);
    expect(files.length, name).toBeLessThanOrEqual(most[index]!);
  }
});
