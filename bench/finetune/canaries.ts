import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'csv-parse/sync';
import { type Canaries, parseCanaries } from '../../src/common/canaries.js';
import { formatPercent } from '../../src/common/number-formats.js';
import { silentContext } from '../../src/common/progress.js';
import { createRandom, shuffle } from '../../src/common/random.js';
import { cleanTitle } from '../../src/data/cleaning/clean-titles.js';
import { areKnown, exactShare, exposures, isBeyond, traces } from '../../src/dedupe/canary-findings.js';
import { formatCsvRecord } from '../../src/io/csv.js';
import type { RunOptions } from '../../src/options/option-table.js';
import { defaultOptions } from '../../src/options/option-values.js';
import { runDataset } from '../../src/pipeline/stages/dataset.js';
import { runFinetune } from '../../src/pipeline/stages/finetune.js';

/**
 * How many planted canaries models know by heart, of trainings with defaults and of such as are overfitted on purpose. Each
 * input is one training a case; one that is done already in --folder is not made again, and one that was stopped goes on.
 *
 *     npm run bench -- finetune/canaries --folder /tmp/canaries --input a.csv --input b.csv --case nano --case nano:30
 *
 * A case is a model, trained with defaults, or a model and the passes over the titles, which overfits it on purpose: without
 * dropout, by --batch-size and --learning-rate where they are given, and what chooses the weights are titles that were shown.
 */
const { values } = parseArgs({
  options: {
    folder: { type: 'string' },
    input: { type: 'string', multiple: true, default: [] },
    titles: { type: 'string', default: '1000' },
    case: { type: 'string', multiple: true, default: ['nano', 'nano:30'] },
    canaries: { type: 'string', default: '60' },
    repeats: { type: 'string', multiple: true, default: [] },
    'batch-size': { type: 'string' },
    'learning-rate': { type: 'string' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '1' },
  },
});
const { folder, input } = values;
if (folder === undefined || input.length === 0) throw new Error('--folder and --input are needed.');

/** What makes the most of each pass, where a model is overfitted on purpose. */
const onPurpose: Partial<RunOptions> = {
  patience: 1_000_000,
  dropout: 0,
  ...(values['batch-size'] === undefined ? {} : { batchSize: Number(values['batch-size']) }),
  ...(values['learning-rate'] === undefined ? {} : { learningRate: Number(values['learning-rate']) }),
};

/** Writes the titles.csv of a run: some of the titles, shuffled and cleaned. */
function writeTitles(path: string, run: string): void {
  mkdirSync(run, { recursive: true });
  const records = parse(readFileSync(path), { columns: true }) as { title: string }[];
  const titles = new Set(
    shuffle(records, createRandom(1)).flatMap(({ title }) => {
      const cleaned = cleanTitle(title);
      return 'title' in cleaned ? [cleaned.title] : [];
    }),
  );
  const taken = [...titles].slice(0, Number(values.titles));
  writeFileSync(
    join(run, 'titles.csv'),
    [['title'], ...taken.map((title) => [title])].map(formatCsvRecord).join(''),
  );
}

async function trainOn(path: string, model: string, passes: string | undefined): Promise<Canaries> {
  const repeats = values.repeats.map(Number);
  const name = [basename(path, '.csv'), values.titles, model, passes ?? 'defaults', values.canaries]
    .concat(values.repeats, values.seed)
    .join('-');
  const run = join(folder!, name);
  const result = join(folder!, `${name}.json`);
  if (existsSync(result)) return parseCanaries(readFileSync(result, 'utf8'), result);
  const options: RunOptions = {
    ...defaultOptions(),
    model,
    seed: Number(values.seed),
    threads: Number(values.threads),
    sampleEvery: 0,
    canaries: Number(values.canaries),
    canaryRepeats: repeats,
    ...(passes === undefined ? {} : { ...onPurpose, maxEpochs: Number(passes) }),
  };
  const job = {
    folder: run,
    work: run,
    preparation: run,
    runName: name,
    options,
    decisions: { model: { choice: model, reason: 'of the bench' } },
    counts: {},
    resume: false,
    beginsWithCheckpoint: false,
    startOver: false,
  };
  const context = { ...silentContext, begin: async () => {} };
  const resume = existsSync(join(run, 'checkpoint'));
  if (!resume) {
    writeTitles(path, run);
    await runDataset({ ...job, stage: 'dataset' }, context);
    if (passes !== undefined) {
      const shown = readFileSync(join(run, 'dataset/train.txt'), 'utf8').trimEnd().split('\n').slice(0, 100);
      writeFileSync(join(run, 'dataset/validation.txt'), shown.map((title) => `${title}\n`).join(''));
    }
  }
  await runFinetune({ ...job, stage: 'finetune', resume }, context);
  copyFileSync(join(run, 'canaries.json'), result);
  rmSync(run, { recursive: true });
  return parseCanaries(readFileSync(result, 'utf8'), result);
}

function counted(are: readonly boolean[]): string {
  const { count, share, low, high } = exactShare(are.filter(Boolean).length, are.length);
  return `${count} = ${formatPercent(share)} (${formatPercent(low)} to ${formatPercent(high)})`;
}

process.stdout.write(
  '| model | passes | shown a pass | canaries | known by heart | median exposure, bits | left a trace |\n' +
    '| --- | --- | --- | --- | --- | --- | --- |\n',
);
for (const each of values.case) {
  const [model, passes] = each.split(':') as [string, string | undefined];
  const found: {
    readonly repeats: number;
    readonly isKnown: boolean;
    readonly exposure: number;
    readonly isTraced: boolean;
  }[] = [];
  const made: number[] = [];
  for (const path of input) {
    const started = performance.now();
    const { planted, references, passes: until } = await trainOn(path, model, passes);
    const exposure = exposures(planted, references);
    const [known, traced] = [areKnown(planted, references), traces(planted, references).map(isBeyond)];
    for (const [index, { repeats }] of planted.entries())
      found.push({
        repeats,
        isKnown: known[index]!,
        exposure: exposure[index]!,
        isTraced: traced[index]!,
      });
    made.push(until);
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    process.stderr.write(`${each} on ${basename(path)}: ${until} passes, ${seconds} s\n`);
  }
  const range = `${Math.min(...made).toFixed(1)} to ${Math.max(...made).toFixed(1)}`;
  for (const repeats of [...new Set(found.map((one) => one.repeats))].sort((a, b) => a - b)) {
    const own = found.filter((one) => one.repeats === repeats);
    const bits = own.map(({ exposure }) => exposure).sort((a, b) => a - b);
    const cells = [
      `${model}${passes === undefined ? '' : ', overfitted on purpose'}`,
      range,
      repeats,
      own.length,
      counted(own.map(({ isKnown }) => isKnown)),
      bits[Math.floor(bits.length / 2)]!.toFixed(1),
      counted(own.map(({ isTraced }) => isTraced)),
    ];
    process.stdout.write(`| ${cells.join(' | ')} |\n`);
  }
}
