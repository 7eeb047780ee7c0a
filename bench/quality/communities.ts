import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { silentContext } from '../../src/common/progress.js';
import { createRandom, shuffle } from '../../src/common/random.js';
import { createOnnxRuntimeEngine } from '../../src/model/engine/onnxruntime/cpu-engine.js';
import { meanGain, ranked } from '../../src/model/generation/best-of.js';
import { stutters } from '../../src/model/generation/stutter.js';
import { openModelFiles } from '../../src/model/weights/open-for-generation.js';
import { scoreTitles } from '../../src/pipeline/library/score-titles.js';
import { readBaseCommunities } from '../../src/pipeline/stages/base-communities.js';
import { machine, table } from '../shared/figures.js';
import { type Draw, drawTexts } from './community-draws.js';
import { type CommunityTitle, readCommunityTitles } from './community-titles.js';
import { type Estimate, meanOf, ratioOf } from './estimates.js';
import { NaiveBayes } from './naive-bayes.js';

/**
 * What the base model knows of communities by name: bits a byte of titles that no vector was fitted on, with and without their
 * community; and whose titles its texts are taken for by naive Bayes over all the communities, by guidance scale and number of
 * candidates, beside real titles.
 *
 *     npm run bench -- quality/communities --data titles.tsv
 *
 * The titles are not in the repository: --data is the file that the base model was made of, all of it in its order, a line
 * "subreddit, tab, title" each. With --stutters-too none is passed over because it stutters. With --draws FILE drawn texts are kept there, and not drawn again.
 */
const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    count: { type: 'string', default: '120' },
    scales: { type: 'string', default: '1,1.5,2' },
    most: { type: 'string', default: '16' },
    threads: { type: 'string', default: '2' },
    draws: { type: 'string' },
    /** Chooses as if texts that stutter were like others. */
    'stutters-too': { type: 'boolean', default: false },
  },
});
const { data } = values;
if (data === undefined || !existsSync(data)) {
  process.stderr.write(
    `quality/communities needs --data FILE, the titles that the base model was made of, a line "subreddit, tab, title" each; ${data ?? 'none'} is no file.\n`,
  );
  process.exit(2);
}
const [count, most] = [Number(values.count), Number(values.most)];
const engine = createOnnxRuntimeEngine({ threads: Number(values.threads) });
const communities = await readBaseCommunities();
const { tokenizer, weights } = await openModelFiles('base', silentContext);
await weights.close();
const { train, heldOut } = readCommunityTitles(data, tokenizer);
const bayes = new NaiveBayes(communities.names, train, tokenizer.vocabularySize);
const sample = shuffle([...communities.names], createRandom(1, 'communities')).slice(0, count);

const real = new Map(communities.names.map((name) => [name, [] as CommunityTitle[]]));
for (const title of heldOut) real.get(title.community)?.push(title);

const percent = ({ mean, error }: Estimate): string =>
  `${(100 * mean).toFixed(1)} ± ${(100 * error).toFixed(1)}`;

/** What is told of a text. */
interface Rated {
  readonly rank: number;
  readonly stutters: boolean;
  /** Whether two words stand together twice: seen by no rule of choosing. */
  readonly hasPairTwice: boolean;
  readonly tokens: number;
}

function rate(community: string, tokens: ArrayLike<number>, text: string): Rated {
  return {
    rank: bayes.rank(community, tokens),
    stutters: stutters(text),
    hasPairTwice: hasPairTwice(text),
    tokens: tokens.length,
  };
}

function hasPairTwice(text: string): boolean {
  const words = text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
  const pairs = words.slice(1).map((word, place) => `${words[place]} ${word}`);
  return new Set(pairs).size < pairs.length;
}

/** @param rated the texts of each community. */
function row(name: string, rated: readonly (readonly Rated[])[]): readonly string[] {
  const mean = (of: (text: Rated) => number): Estimate =>
    meanOf(rated.map((texts) => texts.reduce((sum, text) => sum + of(text), 0) / texts.length));
  const within = (limit: number): string => percent(mean(({ rank }) => Number(rank <= limit)));
  const texts = rated.reduce((sum, { length }) => sum + length, 0);
  const stuttering = percent(mean((text) => Number(text.stutters)));
  const paired = percent(mean((text) => Number(text.hasPairTwice)));
  const length = mean(({ tokens }) => tokens).mean.toFixed(1);
  return [name, String(texts), within(1), within(10), within(50), stuttering, paired, length];
}

/** The best of each `of` candidates, chosen as the command line chooses. */
function best(draws: readonly Draw[], of: number): Rated[] {
  const groups = Array.from({ length: Math.floor(draws.length / of) }, (_, place) =>
    draws.slice(place * of, (place + 1) * of),
  );
  return groups.map((group) => {
    const rated = group.map(({ text, scores }) => ({
      meanGain: meanGain(scores.map((score) => ({ ...score, top: [] }))),
      isLast: text.trim() === '' || (!values['stutters-too'] && stutters(text)),
    }));
    const [chosen = 0] = of === 1 ? [] : ranked(rated, 'community');
    const { community, text, scores } = group[chosen]!;
    const tokens = scores.map(({ token }) => token).filter((token) => token !== tokenizer.endOfTextId);
    return rate(community, tokens, text);
  });
}

console.log(`${machine()}\n`);

interface Part {
  readonly bytes: number;
  readonly titles: number;
  /** −ln p by the base model, and with the community. */
  readonly without: number;
  readonly own: number;
  /** Titles that the community makes likelier. */
  readonly better: number;
}

const parts: Part[] = [];
for (const name of sample) {
  const titles = real.get(name)!.map(({ tokens }) => tokenizer.decode(tokens));
  const [without, own] = [
    await scoreTitles('base', titles, { engine }),
    await scoreTitles('base', titles, { engine, subreddit: name }),
  ];
  const better = own.scores.filter(({ nats }, place) => nats < without.scores[place]!.nats).length;
  const { bytes } = own.total;
  parts.push({ bytes, titles: titles.length, without: without.total.nats, own: own.total.nats, better });
}
const bits = (of: (part: Part) => number): string => {
  const { mean, error } = ratioOf(parts.map((part) => ({ over: of(part) / Math.LN2, under: part.bytes })));
  return `${mean.toFixed(4)} ± ${error.toFixed(4)}`;
};
const total = parts.reduce((sum, { titles }) => sum + titles, 0);
const share = (of: (part: Part) => boolean): string => percent(meanOf(parts.map((part) => Number(of(part)))));
console.log(`${total} held-out titles of ${sample.length} communities, bits a byte:`);
console.log(`  by the base model       ${bits(({ without }) => without)}`);
console.log(`  with their community    ${bits(({ own }) => own)}`);
console.log(`  gained                  ${bits(({ without, own }) => without - own)}`);
console.log(
  `  communities whose titles are predicted better: ${share(({ without, own }) => own < without)} %`,
);
console.log(
  `  titles that are: ${percent(ratioOf(parts.map(({ better, titles }) => ({ over: better, under: titles }))))} %\n`,
);

const rows = [
  row(
    'real ones, held out',
    [...real.values()].map((titles) =>
      titles.map(({ community, tokens }) => rate(community, tokens, tokenizer.decode(tokens))),
    ),
  ),
];
for (const scale of values.scales.split(',').map(Number)) {
  const draws = await drawTexts({ communities, names: sample, scale, count: most, engine }, values.draws);
  for (const of of [1, 4, 8, 16].filter((size) => size <= most)) {
    const name = of === 1 ? `scale ${scale}, as drawn` : `scale ${scale}, best of ${of}`;
    rows.push(
      row(
        name,
        draws.map((texts) => best(texts, of)),
      ),
    );
  }
}
console.log(`Percent ± standard error over communities:\n`);
console.log(
  table(['titles', 'texts', 'first', 'first 10', 'first 50', 'stutter', 'a pair twice', 'tokens'], rows),
);
