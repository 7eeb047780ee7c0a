import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'csv-parse/sync';
import { createRandom, shuffle } from '../../src/common/random.js';
import type { RunCounts } from '../../src/common/stage-counts.js';
import { packageRoot } from '../../src/io/package-root.js';

/**
 * A grid of training options over files of titles: held-out loss before and at its best, seconds, and with --nsamples the
 * share refused as copies. Each cell is a run of the command line in --folder; one that is there already is not made
 * again, so that a grid can be stopped, gone on with and widened.
 *
 *     npm run build
 *     npm run bench -- finetune/grid --folder /tmp/grid --input a.csv --input b.csv --titles 1000 \
 *       --cell learning-rate=1e-4 --cell "learning-rate=1e-3 lora-rank=16"
 */
const { values } = parseArgs({
  options: {
    folder: { type: 'string' },
    input: { type: 'string', multiple: true, default: [] },
    titles: { type: 'string', default: '1000' },
    model: { type: 'string', default: 'base' },
    cell: { type: 'string', multiple: true, default: [''] },
    nsamples: { type: 'string' },
    threads: { type: 'string', default: '2' },
  },
});
const { folder, input, model, nsamples, threads } = values;
if (folder === undefined || input.length === 0) throw new Error('--folder and --input are needed.');
const count = Number(values.titles);
mkdirSync(folder, { recursive: true });

/** A file of some of the titles, shuffled. */
function takeTitles(path: string): string {
  const taken = join(folder!, `${basename(path, '.csv')}-${count}.csv`);
  if (existsSync(taken)) return taken;
  const records = parse(readFileSync(path), { columns: true }) as { title: string }[];
  const titles = shuffle(records, createRandom(1)).slice(0, count);
  const lines = titles.map(({ title }) => `"${title.replaceAll('"', '""')}"`);
  writeFileSync(taken, `title\n${lines.join('\n')}\n`);
  return taken;
}

/** What of run.json is read here. */
type Stages = {
  readonly [Stage in keyof RunCounts]: {
    readonly status: string;
    readonly seconds: number;
    readonly counts: NonNullable<RunCounts[Stage]>;
  };
};

const last = nsamples === undefined ? 'finetune' : 'dedupe';

function runCell(titles: string, cell: string): Stages {
  const name = `${basename(titles, '.csv')} ${model} ${cell}`.replace(/[^\w.]+/g, '_').replace(/_+$/, '');
  const path = join(folder!, name, 'run.json');
  const stages = (): Stages =>
    existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { stages: Stages }).stages : {};
  if (stages()[last]?.status === 'done') return stages();
  const run = ['--input', titles, '--run-name', name, '--runs-dir', folder!, '--until', last];
  const options = [
    '--model',
    model,
    '--threads',
    threads,
    '--sample-every',
    '0',
    ...cell
      .split(' ')
      .filter(Boolean)
      .map((option) => `--${option}`),
  ];
  const texts = nsamples === undefined ? [] : ['--nsamples', nsamples];
  const entry = join(packageRoot, 'dist/cli.js');
  const done = spawnSync(process.execPath, [entry, 'pipeline', ...run, ...options, ...texts, '--json']);
  if (done.status !== 0) throw new Error(`${name}: ${done.stdout.toString().slice(-2000)}`);
  // Hundreds of megabytes a cell.
  rmSync(join(folder!, name, 'checkpoint'), { recursive: true, force: true });
  return stages();
}

const columns = 'options | titles | loss before | best loss | perplexity | steps | seconds | copies';
process.stdout.write(`| ${columns} |\n|${' --- |'.repeat(columns.split('|').length)}\n`);
for (const cell of values.cell) {
  const [before, best]: [number[], number[]] = [[], []];
  for (const path of input) {
    const titles = takeTitles(path);
    const { finetune, dedupe } = runCell(titles, cell);
    const { initialValidationLoss, bestValidationLoss, steps, bestStep } = finetune!.counts;
    before.push(initialValidationLoss);
    best.push(bestValidationLoss);
    const copies = Object.entries(dedupe?.counts.rejectedByReason ?? {}).map(
      ([reason, n]) => `${reason} ${n}`,
    );
    const losses = [initialValidationLoss, bestValidationLoss].map((loss) => loss.toFixed(4));
    const figures = [
      ...losses,
      Math.exp(bestValidationLoss).toFixed(2),
      `${bestStep} of ${steps}`,
      finetune!.seconds.toFixed(0),
    ];
    process.stdout.write(
      `| ${[cell, basename(titles, '.csv'), ...figures, copies.join(', ')].join(' | ')} |\n`,
    );
  }
  const mean = (numbers: readonly number[]): number =>
    numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
  process.stdout.write(
    `| ${cell} | mean | ${mean(before).toFixed(4)} | ${mean(best).toFixed(4)} | | | | |\n`,
  );
}
