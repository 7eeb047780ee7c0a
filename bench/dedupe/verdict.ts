import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import type { OverfitStatistics, OverfitVerdict } from '../../src/common/judgement.js';
import { createRandom } from '../../src/common/random.js';
import { wilsonShare } from '../../src/dedupe/verdict/proportions.js';
import { machine, table } from '../shared/figures.js';
import { readCorpus } from './corpora.js';
import { gibberishKinds } from './gibberish.js';
import { formulaicTitles } from './made-up-titles.js';
import { type PlantedKind, plantedKinds } from './planted-copies.js';
import { simulateCorpus } from './simulated-corpus.js';
import { type SimulatedModel, simulateRun } from './simulated-run.js';

/**
 * Error rates of the verdict. Simulated runs: training titles, held-out titles and outputs are drawn from the same source, so
 * that no output owes anything to a training title but by chance; then copies are planted among the outputs, or gibberish takes
 * their place. Comparisons are made once for each set of training titles, and runs drawn from them.
 *
 *     npm run bench -- dedupe/verdict --titles all.csv --titles askreddit.csv --healthy 10000 --planted 200
 *
 * A file is used with training sets of 300, 1,000, 4,000 and 36,000 titles, as far as it goes; formulaic titles are made up.
 */
const { values } = parseArgs({
  options: {
    titles: { type: 'string', multiple: true, default: [] },
    /** Healthy runs in all, and runs for each way of planting. */
    healthy: { type: 'string', default: '10000' },
    planted: { type: 'string', default: '200' },
    /** Sets of training titles drawn from each file, for each size. */
    draws: { type: 'string', default: '4' },
  },
});

const sizes = [300, 1000, 4000, 36_000];
const outputCounts = [100, 200, 500, 1000, 2000];
const plantedOutputs = [200, 1000];
const shares = [0.01, 0.02, 0.03, 0.05, 0.1];
const thresholds = ['auto', 0.8] as const;
/** Titles that held-out ones and outputs are drawn from, for a number of training titles. */
const poolSizeOf = (size: number): number => Math.max(600, Math.min(3400, 2 * size));

const sources = [
  ...(await Promise.all(
    values.titles.map(async (path) => ({ name: basename(path, '.csv'), ...(await readCorpus(path)) })),
  )),
  { name: 'formulas', titles: formulaicTitles(5000, 1), repeatedTitles: { count: 0, total: 5000 } },
];
const draws = Number(values.draws);
const planned = sources.flatMap((source) =>
  sizes
    .filter((size) => source.titles.length - size >= 300)
    .flatMap((size) => Array.from({ length: draws }, (_, draw) => ({ ...source, size, draw }))),
);
const ways: [string, readonly PlantedKind[]][] = [
  ...plantedKinds.map((kind): [string, PlantedKind[]] => [kind, [kind]]),
  ['mixed', plantedKinds],
];
const plantings = ways.flatMap(([name, kinds]) =>
  plantedOutputs.flatMap((outputs) => shares.map((share) => ({ name, kinds, outputs, share }))),
);

interface Outcome {
  readonly verdict: OverfitVerdict;
  readonly significant: readonly string[];
}
const outcomeOf = ({ verdict, measures }: OverfitStatistics): Outcome => ({
  verdict,
  significant: measures.filter((one) => one.isSignificant).map(({ name }) => name),
});
const isAlarm = ({ verdict }: Outcome): boolean => verdict === 'leans' || verdict === 'overfits';

const healthyEach = Math.ceil(Number(values.healthy) / planned.length);
const plantedEach = Math.ceil(Number(values.planted) / planned.length);
const healthy = new Map<string, Outcome[]>();
const planted = new Map<(typeof plantings)[number], Outcome[]>(plantings.map((way) => [way, []]));
/** Runs with as many recognized copies as the same run without them said that it would see, by number of outputs. */
const stated = new Map<string, { readonly excess: number; readonly outcome: Outcome }[]>();
/** Runs that said that no excess would be seen. */
let blind = 0;
const gibberish = new Map<string, Outcome[]>(gibberishKinds.map((kind) => [kind, []]));

for (const [place, { name, titles, repeatedTitles, size, draw }] of planned.entries()) {
  const corpus = await simulateCorpus(titles, { size, poolSize: poolSizeOf(size), seed: draw });
  const setting = { corpus, repeatedTitles };
  const random = createRandom(1, 'runs', place);
  const run = (model: SimulatedModel): OverfitStatistics => simulateRun(setting, model, random);
  const key = `${name}, ${size}`;
  const runs = healthy.get(key) ?? [];
  healthy.set(key, runs);
  for (let i = 0; i < healthyEach; i++) {
    const outputs = outputCounts[i % outputCounts.length]!;
    runs.push(outcomeOf(run({ outputs, threshold: thresholds[i % thresholds.length]! })));
  }
  for (let i = 0; i < plantedEach; i++) {
    const threshold = thresholds[i % thresholds.length]!;
    for (const way of plantings) {
      const { outputs } = way;
      planted.get(way)!.push(outcomeOf(run({ outputs, copies: way, threshold })));
    }
    for (const outputs of plantedOutputs) {
      for (const kind of ['exact', 'near'] as const) {
        const measure = run({ outputs, threshold }).measures.find(
          (one) => one.name === (kind === 'exact' ? 'exact copies' : 'copies'),
        )!;
        const excess = measure.detectable;
        if (excess === undefined) {
          blind++;
          continue;
        }
        // Of the outputs replaced, some were copies by chance.
        const copies = { share: excess / (1 - measure.usual), kinds: [kind] };
        const outcome = outcomeOf(run({ outputs, copies, onlyRecognized: true, threshold }));
        const label = `${kind}, ${outputs}`;
        stated.set(label, [...(stated.get(label) ?? []), { excess, outcome }]);
      }
    }
    for (const kind of gibberishKinds)
      for (const outputs of plantedOutputs)
        gibberish.get(kind)!.push(outcomeOf(run({ outputs, gibberish: kind, threshold })));
  }
  process.stderr.write(`${place + 1} of ${planned.length}: ${key}\n`);
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const shareOf = (runs: readonly Outcome[], verdict: OverfitVerdict): string =>
  percent(runs.filter((run) => run.verdict === verdict).length / runs.length);

function row(title: string, runs: readonly Outcome[]): string[] {
  const alarms = runs.filter(isAlarm);
  const { share, high } = wilsonShare(alarms.length, runs.length, 'bound');
  const by = new Map<string, number>();
  for (const { significant } of alarms) for (const name of significant) by.set(name, (by.get(name) ?? 0) + 1);
  return [
    title,
    String(runs.length),
    `${alarms.length}, ${percent(share)}, at most ${percent(high)}`,
    [...by].map(([name, count]) => `${name} ${count}`).join(', '),
    ...(['overfits', 'underfits', 'healthy', 'unknown'] as const).map((verdict) => shareOf(runs, verdict)),
  ];
}

const print = (title: string, columns: string[], rows: (string | number)[][]): void => {
  process.stdout.write(`\n${title}\n\n${table(columns, rows)}`);
};

process.stdout.write(`${machine()}\n`);
print(
  'Healthy runs',
  [
    'titles, training titles',
    'runs',
    'leans or overfits',
    'by',
    'overfits',
    'underfits',
    'healthy',
    'unknown',
  ],
  [...[...healthy].map(([title, runs]) => row(title, runs)), row('all', [...healthy.values()].flat())],
);
print(
  'Planted copies: runs called leans or overfits',
  ['copies', 'outputs', ...shares.map(percent)],
  ways.flatMap(([name]) =>
    plantedOutputs.map((outputs) => [
      name,
      outputs,
      ...plantings
        .filter((way) => way.name === name && way.outputs === outputs)
        .map((way) => {
          const runs = planted.get(way)!;
          const { share, low, high } = wilsonShare(runs.filter(isAlarm).length, runs.length);
          return `${percent(share)} (${percent(low)} to ${percent(high)})`;
        }),
    ]),
  ),
);
print(
  `Copies as frequent as the run says that it would see with a chance of 90 % (${blind} runs said of none)`,
  ['copies, outputs', 'runs', 'stated excess, median', 'called leans or overfits'],
  [...stated].map(([label, runs]) => {
    const sorted = runs.map(({ excess }) => excess).sort((a, b) => a - b);
    const { share, low, high } = wilsonShare(
      runs.filter(({ outcome }) => isAlarm(outcome)).length,
      runs.length,
    );
    const called = `${percent(share)} (${percent(low)} to ${percent(high)})`;
    return [label, runs.length, percent(sorted[sorted.length >> 1]!), called];
  }),
);
print(
  'Gibberish',
  ['kind', 'runs', 'underfits', 'unknown', 'healthy', 'leans', 'overfits'],
  [...gibberish].map(([kind, runs]) => [
    kind,
    runs.length,
    ...(['underfits', 'unknown', 'healthy', 'leans', 'overfits'] as const).map((verdict) =>
      shareOf(runs, verdict),
    ),
  ]),
);
