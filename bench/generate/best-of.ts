import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { copyReasons } from '../../src/common/judgement.js';
import { silentContext } from '../../src/common/progress.js';
import { createRandom, shuffle } from '../../src/common/random.js';
import { decodeBaseTitles } from '../../src/dedupe/base-titles.js';
import { comparisonKey, foldText, wordsOf } from '../../src/dedupe/fold.js';
import { createTitleJudge } from '../../src/dedupe/title-judge.js';
import { wilsonShare } from '../../src/dedupe/verdict/proportions.js';
import { readBaseFingerprints } from '../../src/io/base-fingerprints.js';
import { createOnnxRuntimeEngine } from '../../src/model/engine/onnxruntime/cpu-engine.js';
import { meanLogProbability, type Novelty, ranked } from '../../src/model/generation/best-of.js';
import { ContinuousBatch } from '../../src/model/generation/continuous-batch.js';
import { generationDefaults } from '../../src/model/generation/generation-options.js';
import { GenerationRequest } from '../../src/model/generation/generation-request.js';
import { encodeWords } from '../../src/model/tokenizer/gpt2.js';
import { openForGeneration } from '../../src/model/weights/open-for-generation.js';
import { type Ranking, rankings } from '../../src/options/choices.js';
import { descendsFromBase } from '../../src/pipeline/run/base-descent.js';
import { readDatasetTitles } from '../../src/pipeline/stages/dataset.js';
import { runFiles } from '../../src/run/run-files.js';
import { machine, table } from '../shared/figures.js';

/**
 * What --best-of does to the titles of a run: copies by kind, repeats, words, length and likelihood, by ranking and number of
 * candidates. The candidates are drawn once, as texts of their own, and kept in --candidates; every row chooses among the same ones.
 *
 * With --pairs it writes pairs to read blind: the first candidate and another that was kept instead, in random order, of all three
 * rankings in random order too; which is which is in a file beside it, and `--judged` reads the answers, a line "1", "2" or
 * "=" for each pair.
 *
 *     npm run bench -- generate/best-of --run runs/mine --candidates candidates.json
 *     npm run bench -- generate/best-of --run runs/mine --candidates candidates.json --pairs pairs.txt
 *     npm run bench -- generate/best-of --pairs pairs.txt --judged answers.txt
 */
const { values } = parseArgs({
  options: {
    run: { type: 'string' },
    candidates: { type: 'string' },
    texts: { type: 'string', default: '1000' },
    most: { type: 'string', default: '8' },
    temperature: { type: 'string', default: '0.7' },
    precision: { type: 'string', default: 'int8' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '2' },
    pairs: { type: 'string' },
    /** Pairs of each ranking, and among how many candidates it chose. */
    count: { type: 'string', default: '100' },
    of: { type: 'string', default: '4' },
    judged: { type: 'string' },
  },
});

interface Candidate {
  readonly text: string;
  readonly tokens: number;
  readonly meanLogProbability: number;
}

interface Pair {
  readonly ranking: Ranking;
  /** Where the kept candidate stands: 1 or 2. */
  readonly kept: number;
}

const keyOf = (pairs: string): string => `${pairs}.key.json`;

/** All candidates, those of each title one after the other. */
async function drawCandidates(run: string, path: string | undefined): Promise<readonly Candidate[]> {
  if (path !== undefined && existsSync(path))
    return JSON.parse(readFileSync(path, 'utf8')) as readonly Candidate[];
  const total = Number(values.texts) * Number(values.most);
  const engine = createOnnxRuntimeEngine({ threads: Number(values.threads) });
  const precision = values.precision === 'float32' ? 'float32' : 'int8';
  const model = join(run, runFiles.checkpoint);
  const { session, tokenizer } = await openForGeneration(model, { engine, texts: total, precision });
  const drawn: Candidate[] = [];
  const temperature = Number(values.temperature);
  const sampling = { ...generationDefaults, nsamples: total, temperature, seed: Number(values.seed) };
  const listener = {
    onText: (
      { index, text, tokens }: { index: number; text: string; tokens: number },
      _: string,
      { scores }: { scores: Parameters<typeof meanLogProbability>[0] },
    ) => {
      drawn[index] = { text, tokens, meanLogProbability: meanLogProbability(scores) };
    },
    onEnd: (error?: unknown) => {
      if (error !== undefined) throw error;
    },
  };
  const batch = new ContinuousBatch(session);
  batch.add(new GenerationRequest(session, tokenizer, sampling, listener, { alternatives: 0 }));
  while (!batch.idle) await batch.step();
  await session.dispose();
  if (path !== undefined) writeFileSync(path, JSON.stringify(drawn));
  return drawn;
}

async function noveltyOfRun(run: string) {
  const { train, validation } = await readDatasetTitles(run);
  const baseTitles = (await descendsFromBase(run, {}))
    ? decodeBaseTitles(await readBaseFingerprints())
    : undefined;
  const judge = await createTitleJudge(
    train,
    { heldOut: validation, tokenize: encodeWords, baseTitles },
    silentContext,
  );
  return (text: string) => judge.judge(text);
}

const share = (count: number, total: number): string => {
  const { share: part, low, high } = wilsonShare(count, total);
  return `${(100 * part).toFixed(1)} (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)})`;
};

/** Different runs of so many words, as a share of all (Li et al. 2016, "distinct-n"). */
function distinct(texts: readonly string[], length: number): number {
  const runs = texts.flatMap((text) => {
    const words = wordsOf(foldText(text));
    return words.slice(length - 1).map((_, start) => words.slice(start, start + length).join(' '));
  });
  return new Set(runs).size / runs.length;
}

async function measure(run: string): Promise<void> {
  const [all, judge] = [await drawCandidates(run, values.candidates), await noveltyOfRun(run)];
  const most = Number(values.most);
  const judged = all.map((candidate) => {
    const judgement = judge(candidate.text);
    const isRefused = judgement.reason !== undefined;
    const novelty: Novelty = { rating: judgement.closestRating, isRefused };
    return { ...candidate, judgement, novelty, isLast: candidate.text.trim() === '' };
  });
  const groups = Array.from({ length: all.length / most }, (_, title) =>
    judged.slice(title * most, (title + 1) * most),
  );
  const row = (name: string, kept: readonly (typeof judged)[number][]): readonly (string | number)[] => {
    const texts = kept.map(({ text }) => text);
    const mean = (of: (each: (typeof judged)[number]) => number): number =>
      kept.reduce((sum, each) => sum + of(each), 0) / kept.length;
    const kinds = copyReasons.map((kind) => kept.filter(({ judgement }) => judgement.reason === kind).length);
    const others = kept.filter(({ judgement: { reason, copied } }) => reason !== undefined && !copied).length;
    const [exact, near, disguised, partial, glued] = kinds;
    return [
      name,
      share(
        kinds.reduce((sum, count) => sum + count, 0),
        kept.length,
      ),
      [exact, near, disguised, partial, glued, others].join(', '),
      share(kept.length - new Set(texts.map(comparisonKey)).size, kept.length),
      distinct(texts, 1).toFixed(3),
      distinct(texts, 2).toFixed(3),
      mean(({ tokens }) => tokens).toFixed(1),
      mean(({ meanLogProbability: each }) => each).toFixed(2),
      mean(({ novelty }) => novelty.rating).toFixed(3),
    ];
  };
  const first = groups.map(([each]) => each!);
  const choices = [4, 8].filter((count) => count <= most);
  const best = (count: number, ranking: Ranking) =>
    groups.map((group) => group[ranked(group.slice(0, count), ranking)[0]!]!);
  const rows = choices.flatMap((count) =>
    rankings.map((ranking) => row(`best of ${count} by ${ranking}`, best(count, ranking))),
  );
  // As --novel has them: those that would be refused were drawn again.
  const novel = groups.map((group) => group.filter(({ novelty }) => !novelty.isRefused));
  rows.push(
    row(
      'one, with --novel',
      novel.map(([each], title) => each ?? first[title]!),
    ),
    row(
      'best of 4 by probability, with --novel',
      novel.map((group, title) => group[ranked(group.slice(0, 4), 'probability')[0]!] ?? first[title]!),
    ),
  );
  process.stdout.write(`${run}, ${groups.length} titles at ${values.temperature}; ${machine()}\n\n`);
  process.stdout.write(
    table(
      [
        '',
        'copies, %',
        'exact, near, disguised, partial, glued, otherwise known',
        'repeats, %',
        'distinct-1',
        'distinct-2',
        'tokens',
        'ln p a token',
        'closest rating',
      ],
      [row('one', first), ...rows],
    ),
  );
  if (values.pairs !== undefined)
    writePairs(values.pairs, first, (ranking) => best(Number(values.of), ranking));
}

function writePairs(
  path: string,
  first: readonly Candidate[],
  best: (ranking: Ranking) => readonly Candidate[],
): void {
  const random = createRandom(Number(values.seed), 'blind pairs');
  const pairs = rankings.flatMap((ranking) => {
    const kept = best(ranking);
    const differing = [...kept.keys()].filter((title) => kept[title]!.text !== first[title]!.text);
    shuffle(differing, random);
    return differing.slice(0, Number(values.count)).map((title) => {
      const place = 1 + random.integer(2);
      const [a, b] = place === 1 ? [kept, first] : [first, kept];
      return { ranking, kept: place, texts: [a[title]!.text, b[title]!.text] };
    });
  });
  shuffle(pairs, random);
  writeFileSync(path, pairs.map(({ texts: [a, b] }, index) => `${index + 1}\n  1 ${a}\n  2 ${b}\n`).join(''));
  writeFileSync(keyOf(path), JSON.stringify(pairs.map(({ ranking, kept }): Pair => ({ ranking, kept }))));
}

/** Two-sided sign test: ties left out (Dixon and Mood 1946). */
function signTest(wins: number, losses: number): number {
  const [total, fewer] = [wins + losses, Math.min(wins, losses)];
  let [chance, sum] = [0.5 ** total, 0];
  for (let count = 0; count <= fewer; count++) {
    sum += chance;
    chance *= (total - count) / (count + 1);
  }
  return Math.min(1, 2 * sum);
}

function readAnswers(pairs: string, answers: string): void {
  const key = JSON.parse(readFileSync(keyOf(pairs), 'utf8')) as readonly Pair[];
  const given = readFileSync(answers, 'utf8').trim().split(/\s+/);
  if (given.length !== key.length || given.some((answer) => !['1', '2', '='].includes(answer)))
    throw new Error(`${answers} is not a line "1", "2" or "=" for each of ${key.length} pairs.`);
  const rows = rankings.map((ranking) => {
    const own = [...key.keys()].filter((pair) => key[pair]!.ranking === ranking);
    const wins = own.filter((pair) => given[pair] === String(key[pair]!.kept)).length;
    const ties = own.filter((pair) => given[pair] === '=').length;
    const losses = own.length - wins - ties;
    return [ranking, wins, losses, ties, share(wins, wins + losses), signTest(wins, losses).toPrecision(2)];
  });
  process.stdout.write(
    table(['best by', 'better', 'worse', 'as good', 'better of the decided, %', 'p'], rows),
  );
}

if (values.judged !== undefined && values.pairs !== undefined) readAnswers(values.pairs, values.judged);
else if (values.run !== undefined) await measure(values.run);
else throw new Error('--run is needed, or --pairs and --judged.');
