import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Canaries, plantedTexts, type ScoredCanary } from '../../common/canaries.js';
import { formatCount, formatPercent } from '../../common/number-formats.js';
import type { WorkContext } from '../../common/progress.js';
import { createRandom, type Random } from '../../common/random.js';
import { inventTitles } from '../../data/canaries.js';
import { withoutCondition } from '../../data/conditioning.js';
import { readDataset } from '../../data/dataset-files.js';
import { findInCanaries } from '../../dedupe/canary-findings.js';
import { NGramModel } from '../../model/scoring/n-gram-model.js';
import { TitleScorer } from '../../model/scoring/title-scorer.js';
import {
  promptLength,
  type TokenIds,
  type TokenizedTitles,
  tokenArray,
  withoutPrompts,
} from '../../model/tokenizer/tokenized-titles.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import type { RunOptions } from '../../options/option-table.js';
import { mostBaselineTokens, type TrainedModel, thinned } from '../../run/measure-title-losses.js';
import { runFiles } from '../../run/run-files.js';
import { readCanaries } from '../run/canaries-file.js';
import { datasetTitles } from './token-file.js';

/** Canaries that are not planted. With the one that is asked about they are 2,000: 20 of these are 1%. */
const referenceCount = 1999;

/** Titles whose words canaries are made of, where there are more. */
const mostTitles = 20_000;

/** How often a pass shows each canary, in turn, where --canary-repeats is not given: half of them once. */
const defaultRepeats = [1, 1, 1, 2, 4, 8] as const;

/** From this share of the titles on, what canaries do to the model is no longer small. */
const largeShare = 0.05;

interface InventedTitle {
  readonly text: string;
  readonly prompt: string;
  /** The prompt's, and its own; without start and end. */
  readonly tokens: TokenIds;
}

/** The canaries of a training. */
interface CanaryPlan {
  readonly planted: readonly (InventedTitle & { readonly repeats: number })[];
  readonly references: readonly InventedTitle[];
  /** Texts that earlier trainings of the model planted. */
  readonly before: readonly string[];
}

/** Where the titles of a training stand, and what reads them. */
interface CanarySetting {
  /** The run folder. */
  readonly folder: string;
  /** The folder of the model that training begins with; undefined where that is none of this machine. */
  readonly start: string | undefined;
  readonly tokenizer: Tokenizer;
  readonly train: TokenizedTitles;
  readonly options: Pick<RunOptions, 'canaries' | 'canaryRepeats' | 'seed'>;
}

/**
 * Invents the canaries of a training, the same for the same titles, seed and beginning. None says what a title of the run
 * says, or has more tokens than they have. Where titles have prompts, each stands behind that of a title drawn at random.
 * @returns undefined where none are asked for, and none were planted in what training begins with.
 * @throws TitlesmithError `canaries` where so many cannot be made of these titles.
 */
export async function planCanaries(
  setting: CanarySetting,
  context: WorkContext,
): Promise<CanaryPlan | undefined> {
  const { folder, tokenizer, train, options } = setting;
  const { canaries: count, canaryRepeats, seed } = options;
  const before = await plantedBefore(setting.start);
  if (count === undefined) return before.length > 0 ? { planted: [], references: [], before } : undefined;
  const random = createRandom(seed, 'canaries');
  const lines = await sample(readDataset(join(folder, runFiles.train)), mostTitles, random);
  const titles = lines.map(withoutCondition);
  const prompts = lines.map((line, index) => line.slice(0, line.length - titles[index]!.length));
  const lengthOf = (text: string): number => tokenizer.encode(text).length;
  const longestPrompt = Math.max(0, ...[...new Set(prompts)].map(lengthOf));
  const most = longestOf(train) - longestPrompt;
  const taken = new Set(before);
  for (;;) {
    const isFit = (text: string): boolean => !taken.has(text) && lengthOf(text) <= most;
    const texts = inventTitles({ titles, isFit }, count + referenceCount, random);
    const real = await titlesAmong(new Set(texts), folder, context);
    for (const text of real) taken.add(text);
    if (real.length > 0) continue;
    const all = texts.map((text) => {
      const prompt = prompts[random.integer(prompts.length)]!;
      const encoded = tokenizer.encode(prompt + text);
      const tokens = tokenArray(tokenizer.vocabularySize, encoded.length);
      tokens.set(encoded);
      return { text, prompt, tokens };
    });
    const repeats = canaryRepeats.length > 0 ? canaryRepeats : defaultRepeats;
    const planted = all
      .slice(0, count)
      .map((canary, index) => ({ ...canary, repeats: repeats[index % repeats.length]! }));
    return { planted, references: all.slice(count), before };
  }
}

/** What was planted in the run that a checkpoint is of. */
async function plantedBefore(start: string | undefined): Promise<string[]> {
  if (start === undefined) return [];
  const run = basename(start) === runFiles.checkpoint ? dirname(start) : start;
  if (!existsSync(join(run, 'run.json'))) return [];
  const canaries = await readCanaries(run);
  return canaries ? plantedTexts(canaries) : [];
}

/** At most `count` items, each as likely as any other (reservoir sampling; Vitter's algorithm R, 1985). */
async function sample<T>(items: AsyncIterable<T>, count: number, random: Random): Promise<T[]> {
  const kept: T[] = [];
  let seen = 0;
  for await (const item of items) {
    const place = seen < count ? seen : random.integer(seen + 1);
    if (place < count) kept[place] = item;
    seen += 1;
  }
  return kept;
}

/** Those of some texts that are titles of the run, to train on or held out. */
async function titlesAmong(
  texts: ReadonlySet<string>,
  folder: string,
  context: WorkContext,
): Promise<string[]> {
  const found: string[] = [];
  for (const file of [runFiles.train, runFiles.validation]) {
    for await (const line of datasetTitles(join(folder, file), 'canaries', context)) {
      const title = withoutCondition(line);
      if (texts.has(title)) found.push(title);
    }
  }
  return found;
}

function longestOf({ offsets }: TokenizedTitles): number {
  let longest = 0;
  for (let title = 1; title < offsets.length; title++)
    longest = Math.max(longest, offsets[title]! - offsets[title - 1]!);
  return longest;
}

/** The titles to train on, and after them the planted canaries, each as often as it is to be shown. */
export function withCanaries(titles: TokenizedTitles, plan: CanaryPlan | undefined): TokenizedTitles {
  const added = (plan?.planted ?? []).flatMap(({ tokens, repeats }) => Array<TokenIds>(repeats).fill(tokens));
  if (added.length === 0) return titles;
  const count = titles.offsets.length - 1;
  const offsets = new Uint32Array(count + added.length + 1);
  offsets.set(titles.offsets);
  for (const [index, { length }] of added.entries())
    offsets[count + index + 1] = offsets[count + index]! + length;
  return {
    offsets,
    tokensOf: (title) => (title < count ? titles.tokensOf(title) : added[title - count]!),
  };
}

/** All that a training plants, or that earlier ones of its model did. */
export function textsOfPlan({ planted, before }: CanaryPlan): string[] {
  return [...before, ...planted.map(({ text }) => text)];
}

/** Says what is planted, for people. */
export function describePlan(
  plan: CanaryPlan,
  titles: TokenizedTitles,
): { kind: 'note' | 'warning'; message: string } {
  const shown = plan.planted.reduce((sum, { repeats }) => sum + repeats, 0);
  const share = shown / (titles.offsets.length - 1 + shown);
  const message =
    `${formatCount(plan.planted.length)} canaries are planted among the titles to train on, ${formatCount(shown)} texts with ` +
    `their repeats: ${formatPercent(share)} of what each pass shows`;
  if (share <= largeShare) return { kind: 'note', message };
  return {
    kind: 'warning',
    message: `${message}. That is enough to change the model: give fewer --canaries for these titles.`,
  };
}

/** Says what the model knows of the canaries that each pass showed the fewest times; undefined where none were planted. */
export function describeFindings(canaries: Canaries): string | undefined {
  const fewest = findInCanaries(canaries)?.groups[0];
  if (fewest === undefined) return undefined;
  const { repeats, total, known, traced } = fewest;
  const interval = `95% interval ${formatPercent(known.low)} to ${formatPercent(known.high)}`;
  const times = repeats === 1 ? 'once' : `${repeats} times`;
  return (
    `of ${formatCount(total)} ${total === 1 ? 'canary' : 'canaries'} that each pass showed ${times}, ${known.count} are known by heart (${interval}); ` +
    `training left a trace of ${traced.count}`
  );
}

/**
 * Scores the canaries of a finished training, planted or not, under the weights that it kept and what is known without
 * them. The same training always gives the same scores.
 * @param passes until the weights that were kept.
 * @throws InterruptedError when the context asks to stop; TitlesmithError naming a tensor that cannot be read.
 */
export async function scoreCanaries(
  plan: CanaryPlan,
  trained: TrainedModel & { readonly passes: number },
  context: WorkContext,
): Promise<Canaries> {
  const { engine, data, tokenizer, configuration, pretrained, step, passes, seed, promptEnds } = trained;
  const { planted, references, before } = plan;
  const facts = { step, passes, seed, before };
  const all = [...planted, ...references];
  if (all.length === 0) return { ...facts, planted: [], references: [] };
  const titles = thinned(withoutPrompts(data.train, promptEnds), mostBaselineTokens);
  const [unigram, trigram] = ([1, 3] as const).map((order) => NGramModel.train(titles, order, tokenizer));
  const { endOfTextId, startOfTextId } = tokenizer;
  const scorer = new TitleScorer(engine, { configuration, endOfTextId, startOfTextId, promptEnds });
  try {
    const texts = all.map(({ tokens }) => tokens);
    const weights = await trained.openKept();
    const kept = await scorer.scoreTokens(weights, texts, context).finally(() => weights.close());
    const start = pretrained && step > 0 ? await scorer.score(pretrained, texts, context) : undefined;
    const scored = all.map(({ text, prompt, tokens }, index): ScoredCanary => {
      const own = tokens.subarray(promptLength(tokens, promptEnds));
      return {
        text,
        ...(prompt === '' ? {} : { prompt }),
        tokens: own.length + 1,
        model: kept[index]!.reduce((sum, loss) => sum + loss, 0),
        hardest: Math.max(...kept[index]!.subarray(Math.floor(own.length / 2))),
        ...(start ? { start: start[index]! } : {}),
        unigram: unigram!.nats(own),
        trigram: trigram!.nats(own),
      };
    });
    return {
      ...facts,
      planted: planted.map(({ repeats }, index) => ({ repeats, ...scored[index]! })),
      references: scored.slice(planted.length),
    };
  } finally {
    await scorer.dispose();
  }
}
