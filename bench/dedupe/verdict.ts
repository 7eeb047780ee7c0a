import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import type { OverfitVerdict } from '../../src/common/judgement.js';
import { createRandom, type Random, shuffle } from '../../src/common/random.js';
import { closest } from '../../src/dedupe/comparison.js';
import { findCopy } from '../../src/dedupe/copies.js';
import { chooseRules } from '../../src/dedupe/copy-rules.js';
import { neighboursKept, testOwing } from '../../src/dedupe/verdict/membership.js';
import { wilsonShare } from '../../src/dedupe/verdict/proportions.js';
import { overfitStatistics } from '../../src/dedupe/verdict/statistics.js';
import { machine, table } from '../shared/figures.js';
import { readCorpus } from './corpora.js';
import { formulaicTitles } from './made-up-titles.js';
import { type PlantedKind, plantedKinds } from './planted-copies.js';
import { type PooledText, type SimulatedCorpus, simulateCorpus } from './simulated-corpus.js';

/**
 * Error rates of the verdict. Simulated runs: training titles, held-out titles and outputs are drawn from the same source, so
 * that no output owes anything to a training title but by chance; then copies are planted among the outputs. Comparisons are
 * made once for each set of training titles, and runs drawn from them.
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
const shares = [0.01, 0.02, 0.03, 0.05, 0.1];
/** Titles that held-out ones and outputs are drawn from, for a number of training titles. */
const poolSizeOf = (size: number): number => Math.max(600, Math.min(3400, 2 * size));
const heldOutShare = 0.1;

interface Setting {
  readonly corpus: SimulatedCorpus;
  readonly repeatedTitles: { readonly count: number; readonly total: number };
}

interface DrawnRun {
  readonly verdict: OverfitVerdict;
  readonly significant: readonly string[];
}

/** A run: held-out titles and outputs from the pool, some of the outputs replaced by planted copies. */
function drawRun(
  { corpus, repeatedTitles }: Setting,
  outputs: number,
  plant: { readonly share: number; readonly kinds: readonly PlantedKind[] },
  random: Random,
): DrawnRun {
  const order = shuffle([...corpus.pool.keys()], random);
  const heldOut = Math.min(
    Math.round((corpus.train.length * heldOutShare) / (1 - heldOutShare)),
    order.length >> 1,
    1000,
  );
  const held = order.slice(0, heldOut);
  const rest = order.slice(heldOut);
  const texts = Array.from({ length: outputs }, (_, i): PooledText => {
    if (i < Math.round(plant.share * outputs)) {
      const kind = plant.kinds[i % plant.kinds.length]!;
      return corpus.planted[kind][random.integer(corpus.planted[kind].length)]!;
    }
    // With more outputs than titles are left, some come twice, as outputs do.
    return corpus.pool[rest[i % rest.length]!]!;
  });
  const baseline = held.map((i) => corpus.pool[i]!.comparison);
  const rules = chooseRules(baseline, 'auto');
  const rate = ({ comparison }: PooledText) => {
    const copy = findCopy(comparison, rules, corpus.train)?.reason;
    return { closestRating: closest(comparison).rating, copied: copy !== undefined, copy };
  };
  const membership = testsOf(corpus, held, texts.slice(0, 1000), random);
  const { verdict, measures } = overfitStatistics(
    texts.map(rate),
    held.map((i) => rate(corpus.pool[i]!)),
    { repeatedTitles, membership },
  );
  return { verdict, significant: measures.filter((one) => one.isSignificant).map(({ name }) => name) };
}

/** As testMembership does, from the comparisons made before. */
function testsOf(
  corpus: SimulatedCorpus,
  held: readonly number[],
  texts: readonly PooledText[],
  random: Random,
) {
  const room = Math.min(corpus.shown, 9 * held.length);
  const shown = shuffle([...Array(corpus.shown).keys()], random).slice(0, room);
  const chosen = shuffle([...shown, ...held.map((i) => corpus.shown + i)], random);
  const numbers = new Int32Array(corpus.titles).fill(-1);
  for (const [number, title] of chosen.entries()) numbers[title] = number;
  const kept = neighboursKept(chosen.length, held.length);
  const among = (list: PooledText['neighbours']) =>
    list
      .filter(({ index }) => numbers[index]! >= 0)
      .slice(0, kept)
      .map(({ index, rating }) => ({ index: numbers[index]!, rating }));
  const runs = texts.flatMap((text) =>
    text.runs
      .map((titles) => titles.flatMap((title) => (numbers[title]! >= 0 ? [numbers[title]!] : [])))
      .filter(({ length }) => length > 0 && length <= 8),
  );
  const tests = testOwing(
    {
      neighbours: texts.map(({ neighbours }) => among(neighbours)),
      nearestOther: (title) => among(corpus.nearest(chosen[title]!))[0]?.rating ?? 0,
      runs,
      isHeldOut: Uint8Array.from(chosen, (title) => (title >= corpus.shown ? 1 : 0)),
    },
    random,
  );
  return { outputs: texts.length, heldOut: held.length, training: room, ...tests };
}

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
  [200, 1000].flatMap((outputs) => shares.map((share) => ({ name, kinds, outputs, share }))),
);

const healthyEach = Math.ceil(Number(values.healthy) / planned.length);
const plantedEach = Math.ceil(Number(values.planted) / planned.length);
const healthy = new Map<string, DrawnRun[]>();
const planted = new Map<(typeof plantings)[number], DrawnRun[]>(plantings.map((way) => [way, []]));
for (const [place, { name, titles, repeatedTitles, size, draw }] of planned.entries()) {
  const corpus = await simulateCorpus(titles, { size, poolSize: poolSizeOf(size), seed: draw });
  const setting = { corpus, repeatedTitles };
  const random = createRandom(1, 'runs', place);
  const key = `${name}, ${size}`;
  const runs = healthy.get(key) ?? [];
  healthy.set(key, runs);
  for (let i = 0; i < healthyEach; i++) {
    const outputs = outputCounts[i % outputCounts.length]!;
    runs.push(drawRun(setting, outputs, { share: 0, kinds: ['exact'] }, random));
  }
  for (const way of plantings) {
    for (let i = 0; i < plantedEach; i++) planted.get(way)!.push(drawRun(setting, way.outputs, way, random));
  }
  process.stderr.write(`${place + 1} of ${planned.length}: ${key}\n`);
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const isAlarm = ({ verdict }: DrawnRun): boolean => verdict === 'leans' || verdict === 'overfits';

function row(title: string, runs: readonly DrawnRun[]): string[] {
  const alarms = runs.filter(isAlarm);
  const { share, high } = wilsonShare(alarms.length, runs.length, 'bound');
  const by = new Map<string, number>();
  for (const { significant } of alarms) for (const name of significant) by.set(name, (by.get(name) ?? 0) + 1);
  const of = (verdict: OverfitVerdict) =>
    percent(runs.filter((run) => run.verdict === verdict).length / runs.length);
  return [
    title,
    String(runs.length),
    `${alarms.length}, ${percent(share)}, at most ${percent(high)}`,
    [...by].map(([name, count]) => `${name} ${count}`).join(', '),
    of('healthy'),
    of('unknown'),
  ];
}

process.stdout.write(`${machine()}\n\nHealthy runs\n\n`);
process.stdout.write(
  table(
    ['titles, training titles', 'runs', 'leans or overfits', 'by', 'healthy', 'unknown'],
    [...[...healthy].map(([title, runs]) => row(title, runs)), row('all', [...healthy.values()].flat())],
  ),
);
process.stdout.write('\nPlanted copies: runs called leans or overfits\n\n');
const power = ways.flatMap(([name]) =>
  [200, 1000].map((outputs) => [
    name,
    outputs,
    ...plantings
      .filter((way) => way.name === name && way.outputs === outputs)
      .map((way) => {
        const runs = planted.get(way)!;
        return percent(runs.filter(isAlarm).length / runs.length);
      }),
  ]),
);
process.stdout.write(table(['copies', 'outputs', ...shares.map(percent)], power));
