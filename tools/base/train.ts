import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parseCommandLine } from '../../src/cli/parsing/command-line.js';
import { usageError } from '../../src/common/errors.js';
import { silentContext, type WorkContext } from '../../src/common/progress.js';
import { withoutCondition } from '../../src/data/conditioning.js';
import { readDataset } from '../../src/data/dataset-files.js';
import { resolveInputFiles } from '../../src/data/sources/input-files.js';
import { titleFingerprint } from '../../src/dedupe/title-fingerprint.js';
import { writeFileAtomic } from '../../src/io/atomic-file.js';
import { checkModelSizes } from '../../src/options/option-rules.js';
import { type OptionName, type RunOptions, rowOf } from '../../src/options/option-table.js';
import { defaultOptions, flagOf, keyOf } from '../../src/options/option-values.js';
import { withListedSubreddits } from '../../src/pipeline/run/listed-subreddits.js';
import { runFiles } from '../../src/run/run-files.js';
import { readNames, writeDumpTitles } from './dump-titles.js';
import { writeFingerprints } from './fingerprints.js';
import { main as roundModel } from './round.js';

/**
 * The options of `titlesmith pipeline` by which a base is trained: the size and the recipe of data/base, where titlesmith has
 * it (docs/base.md says where not). 384 rows of 128 tokens are as many as the 512 of 96 it was trained with; in batches of 32
 * they fit a processor's memory.
 */
const recipe: Partial<RunOptions> = {
  model: 'scratch',
  width: 384,
  layers: 6,
  heads: 6,
  contextLength: 128,
  vocabularySize: 16_384,
  rowLength: 128,
  batchSize: 32,
  accumulateGradients: 12,
  maxEpochs: 12,
  learningRate: 2e-3,
  schedule: 'linear',
  warmupSteps: 185,
  weightDecay: 0.1,
  clipNorm: 1,
  evaluateEvery: 500,
  saveEvery: 500,
  sampleEvery: 0,
  validationShare: 0.01,
  limit: 10_000_000,
  until: 'finetune',
};

/**
 * Trains a model such as data/base from dumps of posts, with titlesmith's own commands.
 *
 *     npm run tool -- base-train --input 'dumps/RS_*' --to FOLDER [--keep-out-file FILE] [--keep-out-words FILE] [-- OPTIONS]
 *
 * OPTIONS are any of `titlesmith pipeline`, in place of the recipe's: `-- --width 256 --heads 4 --device cuda`. Leaves in FOLDER
 * titles.csv, subreddits.txt, the run folder `run`, and in `base` the model in 8 bits with the fingerprints of what it was
 * trained on. Stopped, it goes on when called again.
 * @param entry the program `titlesmith`. Default: the one that this tool is built with.
 */
export async function main(
  argv: readonly string[],
  entry: string = fileURLToPath(new URL('../../src/cli.js', import.meta.url)),
): Promise<void> {
  const end = argv.indexOf('--');
  const own = end < 0 ? argv : argv.slice(0, end);
  const given = readGiven(end < 0 ? [] : argv.slice(end + 1));
  const options = {
    input: { type: 'string', multiple: true },
    to: { type: 'string' },
    'keep-out-file': { type: 'string' },
    'keep-out-words': { type: 'string' },
  } as const;
  const { values } = parseArgs({ args: [...own], options });
  const { input = [], to, 'keep-out-file': keepOutFile, 'keep-out-words': wordFile } = values;
  if (to === undefined) throw usageError('--to names the folder that the model is made in.');
  checkModelSizes({ ...defaultOptions(), ...recipe, ...given });
  const dumps = await resolveInputFiles('duckdb', input);
  // Read as the command line reads it, which is given the same file once the dumps are read: hours later.
  const { keepOut = [] } = await withListedSubreddits({ keepOutFile });
  const exclusions = {
    subreddits: new Set(keepOut),
    words: wordFile === undefined ? new Set<string>() : await readNames(wordFile),
  };
  await mkdir(to, { recursive: true });
  const [titles, names] = [join(to, 'titles.csv'), join(to, 'subreddits.txt')];
  const { counts, subreddits } = await writeDumpTitles(dumps, titles, exclusions, toErrors);
  await writeFileAtomic(names, subreddits.map((name) => `${name}\n`).join(''));
  const { kept, subreddit, over18, word } = counts;
  process.stdout.write(
    `${kept} titles; left out: ${subreddit} by their subreddit, ${over18} marked over 18, ${word} for a word\n`,
  );
  const prompted = given.condition?.includes('subreddit') ? { subredditFile: names, keepOutFile } : {};
  const where = { input: [titles], runsDir: to, runName: 'run' };
  const words = Object.entries({ ...recipe, ...prompted, ...given, ...where }).flatMap(([name, value]) =>
    value === undefined ? [] : flagsOf(name as OptionName, value),
  );
  process.stdout.write(`titlesmith pipeline ${words.join(' ')}\n`);
  process.exitCode = await commandLine(entry, ['pipeline', ...words]);
  if (process.exitCode !== 0) return;
  const [run, base] = [join(to, 'run'), join(to, 'base')];
  await roundModel(['--from', join(run, runFiles.checkpoint), '--to', base]);
  await writeFingerprints(await fingerprintsOf(join(run, runFiles.train)), join(base, 'fingerprints.bin'));
}

/** What follows `--`. */
function readGiven(words: readonly string[]): Partial<RunOptions> {
  const request = parseCommandLine(['pipeline', ...words]);
  if (request.command === 'pipeline') return request.options;
  throw usageError('What follows -- are options of titlesmith pipeline.');
}

const toErrors: WorkContext = {
  ...silentContext,
  onProgress: (event) => {
    if (event.kind === 'warning') process.stderr.write(`Warning: ${event.message}\n`);
  },
};

/** The fingerprints of the titles of a dataset's file, each once. */
async function fingerprintsOf(path: string): Promise<BigUint64Array> {
  const fingerprints = new Set<bigint>();
  for await (const text of readDataset(path)) fingerprints.add(titleFingerprint(withoutCondition(text)));
  return BigUint64Array.from(fingerprints);
}

/** An option as words of a command line. */
function flagsOf(name: OptionName, value: unknown): string[] {
  if (rowOf(name).type === 'switch') return [value === true ? flagOf(name) : `--no-${keyOf(name)}`];
  const isList = rowOf(name).list === true;
  return [flagOf(name), ...(isList ? [value].flat() : [value]).map(String)];
}

/** Runs titlesmith on a command line, in a process of its own. @returns its exit code. */
function commandLine(entry: string, words: readonly string[]): Promise<number> {
  // Ctrl-C reaches the process that trains too, which saves and ends.
  const wait = (): void => {};
  process.on('SIGINT', wait);
  return new Promise<number>((resolve, reject) => {
    const child = spawn(process.execPath, [entry, ...words], { stdio: 'inherit' });
    child.once('error', reject).once('close', (code) => resolve(code ?? 1));
  }).finally(() => process.off('SIGINT', wait));
}
