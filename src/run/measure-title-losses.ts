import { InterruptedError } from '../common/errors.js';
import type { WorkContext } from '../common/progress.js';
import { createRandom, type Random } from '../common/random.js';
import type { ScoredTitles, TitleLosses } from '../common/title-losses.js';
import type { Engine } from '../model/engine/engine.js';
import { NGramModel } from '../model/scoring/n-gram-model.js';
import { TitleScorer } from '../model/scoring/title-scorer.js';
import {
  promptLength,
  type TokenIds,
  type TokenizedTitles,
  withoutPrompts,
} from '../model/tokenizer/tokenized-titles.js';
import type { Tokenizer } from '../model/tokenizer/tokenizer.js';
import type { TrainingData } from '../model/training/training-plan.js';
import type { TransformerConfiguration } from '../model/transformer/configuration.js';
import type { WeightSource } from '../model/transformer/weight-source.js';

/** Most held-out titles that are scored, and most training titles: a share of so many is known to 2.2 points (95%). */
const mostTitles = 2000;

/** Most tokens of the titles that n-gram models are trained on: they take some 200 MB. */
export const mostBaselineTokens = 2 ** 23;

/** A finished training. */
export interface TrainedModel {
  readonly engine: Engine;
  readonly data: TrainingData;
  readonly tokenizer: Tokenizer;
  readonly configuration: TransformerConfiguration;
  /** Opens the weights that were kept. */
  readonly openKept: () => Promise<WeightSource>;
  /** The step they are of; 0: those that training began with. */
  readonly step: number;
  /** The weights that training began with; undefined: random ones. */
  readonly pretrained: WeightSource | undefined;
  readonly seed: number;
  /** Tokens that end a prompt before a title; undefined where no title has one. */
  readonly promptEnds?: ReadonlySet<number> | undefined;
}

/**
 * The losses of held-out and of training titles under the weights that a training kept, under those it began with and under
 * n-gram models of the training titles. The same training always gives the same losses.
 * @throws InterruptedError when the context asks to stop; TitlesmithError naming a tensor that cannot be read.
 */
export async function measureTitleLosses(trained: TrainedModel, context: WorkContext): Promise<TitleLosses> {
  const { engine, data, tokenizer, configuration, pretrained, step, seed, promptEnds } = trained;
  const { endOfTextId, startOfTextId, vocabularySize } = tokenizer;
  const heldOut = choose(data.validation, mostTitles);
  const training = choose(data.train, heldOut.numbers.length, createRandom(seed, 'scored training titles'));
  const own = (texts: readonly TokenIds[]): TokenIds[] =>
    texts.map((text) => text.subarray(promptLength(text, promptEnds)));
  const facts = ({ of, numbers, texts }: ChosenTitles, losses: readonly number[]): ScoredTitles => ({
    of,
    titles: numbers,
    tokens: own(texts).map(({ length }) => length + 1),
    bytes: own(texts).map((text) => byteLength(text, tokenizer)),
    model: losses,
  });
  const scorer = new TitleScorer(engine, { configuration, endOfTextId, startOfTextId, promptEnds });
  /** Tells the second pass over the same titles from the first. */
  const ofStart: WorkContext['onProgress'] = (event) =>
    context.onProgress(
      event.kind === 'progress' ? { ...event, label: `${event.label} by the model as it came` } : event,
    );
  /** Losses under what training began with, given those under the weights that were kept. */
  const underStart = async (texts: readonly TokenIds[], kept: readonly number[]) => {
    if (pretrained && step > 0) return scorer.score(pretrained, texts, { ...context, onProgress: ofStart });
    return pretrained ? kept : own(texts).map(({ length }) => (length + 1) * Math.log(vocabularySize));
  };
  const baselineTitles = thinned(withoutPrompts(data.train, promptEnds), mostBaselineTokens);
  const nGramModel = (order: 1 | 3): NGramModel => {
    if (context.signal.aborted) throw new InterruptedError();
    return NGramModel.train(baselineTitles, order, tokenizer);
  };
  const lossesUnder = (nGrams: NGramModel, chosen: ChosenTitles): number[] =>
    own(chosen.texts).map((text) => nGrams.nats(text));
  try {
    const weights = await trained.openKept();
    const texts = [...heldOut.texts, ...training.texts];
    const losses = await scorer.score(weights, texts, context).finally(() => weights.close());
    const start = await underStart(texts, losses);
    const held = heldOut.texts.length;
    const unigrams = nGramModel(1);
    return {
      step,
      start: pretrained ? 'pretrained' : 'untrained',
      vocabularySize,
      seed,
      baselineTitles: baselineTitles.offsets.length - 1,
      heldOut: {
        ...facts(heldOut, losses.slice(0, held)),
        start: start.slice(0, held),
        unigram: lossesUnder(unigrams, heldOut),
        trigram: lossesUnder(nGramModel(3), heldOut),
      },
      training: {
        ...facts(training, losses.slice(held)),
        start: start.slice(held),
        unigram: lossesUnder(unigrams, training),
      },
    };
  } finally {
    await scorer.dispose();
  }
}

/** Titles chosen from others. */
interface ChosenTitles {
  readonly of: number;
  readonly numbers: readonly number[];
  readonly texts: readonly TokenIds[];
}

/**
 * Titles spread evenly over others, in their order: one of each of `most` stretches, the first of it, or one at random.
 */
function choose(titles: TokenizedTitles, most: number, random?: Random): ChosenTitles {
  const of = titles.offsets.length - 1;
  const count = Math.min(of, most);
  const border = (stretch: number): number => Math.floor((stretch * of) / count);
  const numbers = Array.from({ length: count }, (_, stretch) => {
    const [first, next] = [border(stretch), border(stretch + 1)];
    return random ? first + random.integer(next - first) : first;
  });
  return { of, numbers, texts: numbers.map((number) => titles.tokensOf(number).slice()) };
}

/** The same titles, or as many of them, evenly spread, as have about so many tokens. */
export function thinned(titles: TokenizedTitles, mostTokens: number): TokenizedTitles {
  const [all, tokens] = [titles.offsets.length - 1, titles.offsets.at(-1)!];
  if (tokens <= mostTokens) return titles;
  const count = Math.max(1, Math.floor((all * mostTokens) / tokens));
  const numberOf = (title: number): number => Math.floor((title * all) / count);
  const offsets = new Uint32Array(count + 1);
  for (let title = 0; title < count; title++) {
    const number = numberOf(title);
    offsets[title + 1] = offsets[title]! + titles.offsets[number + 1]! - titles.offsets[number]!;
  }
  return { offsets, tokensOf: (title) => titles.tokensOf(numberOf(title)) };
}

function byteLength(text: TokenIds, tokenizer: Tokenizer): number {
  let bytes = 0;
  for (const token of text) bytes += tokenizer.tokenBytes(token).length;
  return bytes;
}
