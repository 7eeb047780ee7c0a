import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'csv-parse/sync';
import { createRandom, shuffle } from '../../src/common/random.js';
import type { RunCounts } from '../../src/common/stage-counts.js';
import { packageRoot } from '../../src/io/package-root.js';

/**
 * A grid of training options over files of titles: held-out loss before and at its best, in nats a token of the model's own
 * and in bits a byte, which compare models; seconds; with --nsamples what was refused, and with --show the first accepted
 * titles. Each cell is a run of the command line in --folder; one that is there already is not made again, so that a grid
 * can be stopped, gone on with and widened.
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
    /** Accepted titles to print of every run. */
    show: { type: 'string', default: '0' },
    threads: { type: 'string', default: '2' },
  },
});
const { folder, input, model, nsamples, show, threads } = values;
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

interface Cell {
  readonly stages: Stages;
  readonly accepted: readonly string[];
}

function runCell(titles: string, cell: string): Cell {
  const own = cell.split(' ').filter(Boolean);
  const given = own.some((option) => option.startsWith('model=')) ? own : [`model=${model}`, ...own];
  // A model may be a path, of which the name says enough.
  const words = given.map((option) => option.replace(/=.*\//, '='));
  const name = [basename(titles, '.csv'), ...words].join('_').replace(/[^\w.]+/g, '_');
  const path = join(folder!, name, 'run.json');
  const stages = (): Stages =>
    existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { stages: Stages }).stages : {};
  if (stages()[last]?.status !== 'done') {
    const run = ['--input', titles, '--run-name', name, '--runs-dir', folder!, '--until', last];
    const options = [`threads=${threads}`, 'sample-every=0', ...given].map((option) => `--${option}`);
    const texts = nsamples === undefined ? [] : ['--nsamples', nsamples];
    const entry = join(packageRoot, 'dist/cli.js');
    const done = spawnSync(process.execPath, [entry, 'pipeline', ...run, ...options, ...texts, '--json']);
    if (done.status !== 0) throw new Error(`${name}: ${done.stdout.toString().slice(-2000)}`);
    // Hundreds of megabytes a cell.
    rmSync(join(folder!, name, 'checkpoint'), { recursive: true, force: true });
  }
  const accepted = join(folder!, name, 'accepted.txt');
  return {
    stages: stages(),
    accepted: existsSync(accepted) ? readFileSync(accepted, 'utf8').trimEnd().split('\n') : [],
  };
}

const columns = [
  ['options', 'titles', 'loss before', 'best loss', 'perplexity', 'bits a byte before', 'bits a byte'],
  ['best step', 'seconds', 'refused'],
].flat();
const row = (cells: readonly (string | number)[]): void => {
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
};
const mean = (numbers: readonly number[]): string =>
  (numbers.reduce((sum, one) => sum + one, 0) / numbers.length).toFixed(4);
row(columns);
row(columns.map(() => '---'));
const shown: string[] = [];
for (const cell of values.cell) {
  const measured: number[][] = [];
  for (const path of input) {
    const titles = takeTitles(path);
    const { stages, accepted } = runCell(titles, cell);
    const { counts, seconds } = stages.finetune!;
    const { initialValidationLoss, bestValidationLoss, steps, bestStep, bitsPerByte } = counts;
    const reasons = Object.entries(stages.dedupe?.counts.rejectedByReason ?? {});
    const bits = bitsPerByte === undefined ? [] : [bitsPerByte.start, bitsPerByte.model];
    measured.push([initialValidationLoss, bestValidationLoss, Math.exp(bestValidationLoss), ...bits]);
    row([
      ...[cell, basename(titles, '.csv'), ...measured.at(-1)!.map((figure) => figure.toFixed(4))],
      ...[`${bestStep} of ${steps}`, seconds.toFixed(0)],
      reasons.map(([reason, n]) => `${reason} ${n}`).join(', '),
    ]);
    shown.push(
      `\n${cell}, ${basename(titles, '.csv')}:`,
      ...accepted.slice(0, Number(show)).map((title) => `- ${title}`),
    );
  }
  row([
    cell,
    'mean',
    ...measured[0]!.map((_, column) => mean(measured.map((figures) => figures[column]!))),
    '',
    '',
    '',
  ]);
}
if (Number(show) > 0) process.stdout.write(`${shown.join('\n')}\n`);
