import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parseCommandLine } from '../../src/cli/parsing/command-line.js';
import { usageError } from '../../src/common/errors.js';
import { type ProgressEvent, silentContext } from '../../src/common/progress.js';
import { resolveInputFiles } from '../../src/data/sources/input-files.js';
import { checkOptionsTogether } from '../../src/options/option-rules.js';
import { type OptionName, type RunOptions, rowOf } from '../../src/options/option-table.js';
import { defaultOptions, flagOf, keyOf } from '../../src/options/option-values.js';

import { readNames, writeDumpTitles } from './dump-titles.js';
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
 *     npm run tool -- base-train --input 'dumps/RS_*' --to FOLDER [--exclude FILE] [--exclude-words FILE] [-- OPTIONS]
 *
 * OPTIONS are any of `titlesmith pipeline`, in place of the recipe's: `-- --width 256 --heads 4 --device cuda`. Leaves in FOLDER
 * titles.csv, the run folder `run`, and in `base` the model in 8 bits. Stopped, it goes on when called again.
 * @param entry the program `titlesmith`. Default: the one that this tool is built with.
 */
export async function main(
  argv: readonly string[],
  entry: string = fileURLToPath(new URL('../../src/cli.js', import.meta.url)),
): Promise<void> {
  const end = argv.indexOf('--');
  const own = end < 0 ? argv : argv.slice(0, end);
  const given = end < 0 ? [] : argv.slice(end + 1);
  const options = {
    input: { type: 'string', multiple: true },
    to: { type: 'string' },
    exclude: { type: 'string' },
    'exclude-words': { type: 'string' },
  } as const;
  const { values } = parseArgs({ args: [...own], options });
  const { input = [], to, exclude, 'exclude-words': wordFile } = values;
  if (to === undefined) throw usageError('--to names the folder that the model is made in.');
  const request = parseCommandLine(['pipeline', ...given]);
  if (request.command !== 'pipeline') throw usageError('What follows -- are options of titlesmith pipeline.');
  const titles = join(to, 'titles.csv');
  const run = { input: [titles], runsDir: to, runName: 'run' };
  const training: Partial<RunOptions> = { ...recipe, ...request.options, ...run };
  checkOptionsTogether({ ...defaultOptions(), ...training });
  const dumps = await resolveInputFiles('duckdb', input);
  const exclusions = {
    subreddits: exclude === undefined ? new Set<string>() : await readNames(exclude),
    words: wordFile === undefined ? new Set<string>() : await readNames(wordFile),
  };
  await mkdir(to, { recursive: true });
  const onProgress = ({ kind, ...event }: ProgressEvent): void => {
    if (kind === 'warning' && 'message' in event) process.stderr.write(`Warning: ${event.message}\n`);
  };
  const counts = await writeDumpTitles(dumps, titles, exclusions, { ...silentContext, onProgress });
  const { kept, excludedSubreddit, over18, excludedWord } = counts;
  const leftOut = `${excludedSubreddit} by their subreddit, ${over18} marked over 18, ${excludedWord} for a word`;
  process.stdout.write(`${kept} titles; left out: ${leftOut}\n`);
  const words = Object.entries(training).flatMap(([name, value]) => flagsOf(name as OptionName, value));
  process.stdout.write(`titlesmith pipeline ${words.join(' ')}\n`);
  process.exitCode = await commandLine(entry, ['pipeline', ...words]);
  if (process.exitCode !== 0) return;
  await roundModel(['--from', join(to, 'run', 'checkpoint'), '--to', join(to, 'base')]);
}

/** An option as words of a command line. */
function flagsOf(name: OptionName, value: unknown): string[] {
  if (rowOf(name).type === 'switch') return [value === true ? flagOf(name) : `--no-${keyOf(name)}`];
  return [flagOf(name), ...[value].flat().map(String)];
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
