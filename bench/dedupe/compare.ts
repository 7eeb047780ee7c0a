import { parseArgs } from 'node:util';
import { compareTwoStrings, findBestMatch } from 'string-similarity';
import { collect } from '../../src/common/collect.js';
import { createRandom, shuffle } from '../../src/common/random.js';
import { readTitles } from '../../src/data/titles-file.js';
import { createSimilarityIndex, type Match } from '../../src/dedupe/similarity-index.js';
import { MinHashIndex } from '../peers/minhash-lsh.js';
import { machine, table, timed, versionOf } from '../shared/figures.js';
import { madeUpOutputs, madeUpTitles } from './made-up-titles.js';

/**
 * The best match of each output among all titles: ours, the string-similarity package, and MinHash LSH. `npm
 * run bench -- dedupe/compare --titles titles.csv`, a CSV file with one column `title`; without it titles
 * are made up.
 */
const { values } = parseArgs({
  options: {
    titles: { type: 'string' },
    outputs: { type: 'string', default: '1000' },
    /** Outputs the package is asked for; it takes as long for each. */
    'package-outputs': { type: 'string', default: '40' },
    threshold: { type: 'string', default: '0.8' },
  },
});
const threshold = Number(values.threshold);
const seed = 1;
const titles =
  values.titles === undefined
    ? madeUpTitles(40_000, seed, 'train')
    : await collect(readTitles(values.titles));
const unseen = madeUpTitles(5000, seed, 'unseen');
const outputs = madeUpOutputs(Number(values.outputs), titles, unseen, seed);
const asked = shuffle([...outputs], createRandom(seed, 'package')).slice(
  0,
  Number(values['package-outputs']),
);

// Both are warm before they are measured.
findBestMatch(outputs[0]!, titles.slice(0, 2000));
createSimilarityIndex(titles.slice(0, 2000)).best(outputs[0]!);

const built = timed(() => createSimilarityIndex(titles));
const searched = timed(() => outputs.map((output) => built.result.best(output)));
const byPackage = timed(() => asked.map((output) => findBestMatch(output, titles)));
asked.forEach((output, i) => {
  const { rating, index } = built.result.best(output);
  const { bestMatch, bestMatchIndex } = byPackage.result[i]!;
  if (rating !== bestMatch.rating || index !== bestMatchIndex)
    throw new Error(`ratings differ for ${JSON.stringify(output)}`);
});

const each = (seconds: number, count: number) => (1000 * seconds) / count;
const packageEach = each(byPackage.seconds, asked.length);
const oursEach = each(searched.seconds, outputs.length);
const withBuild = each(built.seconds + searched.seconds, outputs.length);
const faster = (milliseconds: number) => `${Math.round(packageEach / milliseconds)}×`;
const near = searched.result.filter(({ rating }) => rating >= threshold).length;

process.stdout.write(
  `${machine()}\n${titles.length} titles, ${outputs.length} outputs, ${near} rated ${threshold} or higher\n\n`,
);
const rows: (string | number)[][] = [
  [
    `string-similarity ${versionOf('string-similarity')} findBestMatch (${asked.length} outputs measured)`,
    0,
    packageEach.toFixed(1),
    '1×',
    '1×',
    0,
  ],
  ['titlesmith', built.seconds.toFixed(2), oursEach.toFixed(3), faster(oursEach), faster(withBuild), 0],
];
for (const [bands, hashes] of [
  [14, 8],
  [32, 4],
] as const)
  rows.push(minHash(bands, hashes));
process.stdout.write(
  table(
    [
      'search',
      'build, s',
      'each output, ms',
      'faster',
      'faster, build included',
      `missed of ${near} near copies`,
    ],
    rows,
  ),
);

/** MinHash LSH with the package's rating of its candidates; a near copy is missed where it finds none. */
function minHash(bands: number, hashes: number): (string | number)[] {
  const index = timed(() => new MinHashIndex(titles, bands, hashes));
  const search = timed(() => outputs.map((output) => bestOf(output, index.result.candidates(output))));
  const missed = search.result.filter(
    (found, i) => found.rating < threshold && searched.result[i]!.rating >= threshold,
  );
  const milliseconds = each(search.seconds, outputs.length);
  const all = each(index.seconds + search.seconds, outputs.length);
  return [
    `MinHash LSH, ${bands} bands of ${hashes}`,
    index.seconds.toFixed(2),
    milliseconds.toFixed(3),
    faster(milliseconds),
    faster(all),
    missed.length,
  ];
}

function bestOf(output: string, candidates: ReadonlySet<number>): Match {
  let best: Match = { rating: 0, index: 0 };
  for (const index of candidates) {
    const rating = compareTwoStrings(output, titles[index]!);
    if (rating > best.rating) best = { rating, index };
  }
  return best;
}
