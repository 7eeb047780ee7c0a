import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { collect } from '../../src/common/collect.js';
import type { RatedText } from '../../src/common/judgement.js';
import type { ProgressEvent } from '../../src/common/progress.js';
import { createRandom, shuffle } from '../../src/common/random.js';
import { readTitles } from '../../src/data/titles-file.js';
import { createTitleIndex } from '../../src/dedupe/comparison.js';
import { dedupe } from '../../src/dedupe/dedupe.js';
import { wilsonShare } from '../../src/dedupe/verdict/proportions.js';
import { packageRoot } from '../../src/io/package-root.js';
import { openSentenceModel } from '../../src/model/embedding/sentence-model.js';
import { encodeWords } from '../../src/model/tokenizer/gpt2.js';
import { machine, table } from '../shared/figures.js';

/**
 * How many paraphrases of planted titles are found, by rating alone and with `--semantic`, and how fast titles are embedded.
 * `npm run bench -- dedupe/semantic --titles titles.csv --model FOLDER`: a tenth of the titles is held out, the originals of
 * test/dedupe/paraphrases.tsv stand among the others, and their paraphrases are judged as outputs. A second table says what
 * cosines alone would refuse.
 */
const { values } = parseArgs({
  options: {
    titles: { type: 'string' },
    model: { type: 'string', default: join(packageRoot, '.cache/sentence-model') },
    pairs: { type: 'string', default: join(packageRoot, 'test/dedupe/paraphrases.tsv') },
    threads: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    /** Titles that are taken; all of them unless given. */
    limit: { type: 'string' },
  },
});
if (values.titles === undefined) throw new Error('--titles needs a CSV file with a column title');

interface Pair {
  readonly degree: string;
  readonly title: string;
  readonly paraphrase: string;
}
const [, ...lines] = readFileSync(values.pairs, 'utf8').trimEnd().split('\n');
const pairs = lines.map((line): Pair => {
  const [degree, title, paraphrase] = line.split('\t');
  return { degree: degree!, title: title!, paraphrase: paraphrase! };
});
const degrees = [...new Set(pairs.map(({ degree }) => degree))];

const titles = [...new Set(await collect(readTitles(values.titles)))];
shuffle(titles, createRandom(Number(values.seed), 'held out'));
if (values.limit !== undefined) titles.length = Math.min(titles.length, Number(values.limit));
const held = Math.floor(titles.length / 10);
const [heldOut, train] = [titles.slice(0, held), titles.slice(held)];
const index = createTitleIndex([...train, ...pairs.map(({ title }) => title)], encodeWords);
const outputs = pairs.map(({ paraphrase }, i) => ({ index: i, text: paraphrase }));
const embedder = await openSentenceModel({ name: values.model, threads: Number(values.threads) });

const rate = await embeddingRate(shuffle([...train], createRandom(1, 'rate')).slice(0, 2048));
const onProgress = (event: ProgressEvent): void => {
  if (event.kind === 'progress') process.stderr.write(`\r${event.label}: ${event.done} of ${event.total}   `);
};
const rows: string[][] = [];
const byCosine: string[][] = [];
for (const [name, options] of [
  ['rating, 0.8', {}],
  ['rating, auto', { threshold: 'auto' }],
  ['rating, 0.8, and meaning', { embedder }],
] as const) {
  const {
    verdicts,
    rules,
    heldOut: rated,
  } = await dedupe(outputs, index, { ...options, heldOut }, { onProgress });
  const caught = (degree?: string): string => {
    const those = verdicts.filter((_, i) => degree === undefined || pairs[i]!.degree === degree);
    return share(those.filter(({ copied }) => copied).length, those.length);
  };
  const own = verdicts.filter(
    ({ reason, matched }, i) => reason !== undefined && matched === pairs[i]!.title,
  );
  const { minimumCosine, minimumLikeness } = rules;
  const at =
    (minimumCosine === undefined ? '' : `, cosine ${minimumCosine}`) +
    (minimumLikeness === undefined ? '' : `, likeness ${minimumLikeness}`);
  rows.push([
    name,
    `${rules.threshold}${at}`,
    share(rated.filter(({ copied }) => copied).length, held),
    share(rated.filter(({ copy }) => copy === 'paraphrase').length, held),
    ...degrees.map(caught),
    caught(),
    String(own.length),
  ]);
  if (rules.meaningReason === undefined) continue;
  process.stderr.write(`\n${rules.meaningReason}\n`);
  for (const cosine of [0.9, 0.88, 0.86, 0.83, 0.8, 0.75, 0.7]) {
    const refused = (those: readonly Pick<RatedText, 'copy' | 'closestCosine'>[]): string => {
      const unlike = those.filter(({ copy }) => copy === undefined || copy === 'paraphrase');
      return share(unlike.filter(({ closestCosine }) => closestCosine! >= cosine).length, those.length);
    };
    const ofDegree = (degree: string) => verdicts.filter((_, i) => pairs[i]!.degree === degree);
    byCosine.push([
      cosine.toFixed(2),
      refused(rated),
      ...degrees.map((degree) => refused(ofDegree(degree))),
      refused(verdicts),
    ]);
  }
}
await embedder.dispose();
process.stderr.write('\n');
process.stdout.write(
  `${machine()}\n${train.length} titles and ${pairs.length} planted ones, ${held} held out; ${embedder.description}\n\n`,
);
process.stdout.write(
  table(
    [
      'rules',
      'from',
      'held-out titles refused',
      'of these as paraphrases',
      ...degrees.map((degree) => `caught, ${degree}`),
      'caught, all',
      'by their original',
    ],
    rows,
  ),
);
const columns = [...degrees, 'all'].map((degree) => `${degree} as paraphrases`);
process.stdout.write(`\n${table(['cosine from', 'held-out titles as paraphrases', ...columns], byCosine)}`);
process.stdout.write(`\n${rate}\n`);

function share(count: number, total: number): string {
  const { low, high } = wilsonShare(count, total);
  const percent = (value: number) => (100 * value).toFixed(1);
  return `${count} of ${total} = ${percent(count / total)}% (${percent(low)} to ${percent(high)})`;
}

/** By the clock, and by the processor's time, which other programs on the machine change less. */
async function embeddingRate(sample: readonly string[]): Promise<string> {
  await embedder.embed(sample.slice(0, 64));
  const [started, before] = [performance.now(), process.cpuUsage()];
  await embedder.embed(sample);
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  const busy = (user + system) / 1e6;
  return (
    `embedding: ${(sample.length / seconds).toFixed(0)} titles/s by the clock on ${values.threads} threads; ` +
    `${(sample.length / busy).toFixed(0)} titles for each second of one core`
  );
}
