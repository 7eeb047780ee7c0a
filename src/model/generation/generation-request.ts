import { InterruptedError, TitlesmithError } from '../../common/errors.js';
import { formatCount } from '../../common/number-formats.js';
import { silentContext, type WorkContext } from '../../common/progress.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { Adapter } from '../transformer/adapters.js';
import type { Scores } from '../transformer/decode-scores.js';
import type { DecodeSession, PromptCache } from '../transformer/decode-session.js';
import { CandidatePool, meanGain, meanLogProbability, ranked } from './best-of.js';
import { ContinuousBatch, type SequenceRequest } from './continuous-batch.js';
import {
  checkRanking,
  checkTokenIds,
  type GenerationOptions,
  hostSamplingOptions,
  needsNovelty,
  ranksByCommunity,
  type SamplingOptions,
  samplingOf,
  validateGenerationOptions,
} from './generation-options.js';
import { checkCapacity, encodePrompts, type Prompt } from './prompts.js';
import { createSampler, notFinite, type SampleToken } from './sampler.js';
import { type GeneratedText, Sequence } from './sequence.js';
import { stutters } from './stutter.js';
import { scoreToken, type TokenScore } from './token-scores.js';

/**
 * Generates `options.nsamples` texts (of each prefix) and yields each when it is finished; `index` tells their order.
 * A text depends on the seed, its index and its prefix alone, not on the number of slots nor on the texts in the
 * others. A slot whose text ends starts the next one at once (./continuous-batch.ts). The session is left open.
 * @param prompts the result of `encodePrompts` for these options, if already computed.
 * @throws TitlesmithError `usage` before any work when an option is wrong, or prefix and length exceed the
 *   session's capacity; InterruptedError between two steps once `context` asks to stop, finished texts being yielded.
 */
export async function* generateTexts<Cache extends PromptCache>(
  session: DecodeSession<Cache>,
  tokenizer: Tokenizer,
  options: GenerationOptions,
  context: WorkContext,
  prompts?: readonly Prompt[],
): AsyncGenerator<GeneratedText, void, undefined> {
  const finished: GeneratedText[] = [];
  let failure: { readonly error: unknown } | undefined;
  const listener = {
    onText: (text: GeneratedText) => {
      finished.push(text);
    },
    onEnd: (error?: unknown) => {
      if (error !== undefined) failure = { error };
    },
  };
  const batch = new ContinuousBatch(session);
  const request = new GenerationRequest(session, tokenizer, options, listener, { context, prompts });
  // A run that was killed after its last text has nothing left to generate, and no text that would end the request.
  if (!request.finished) batch.add(request);
  const stopIfAsked = (): void => {
    if (context.signal.aborted) throw new InterruptedError();
  };
  while (!batch.idle) {
    try {
      await batch.step(stopIfAsked);
    } finally {
      yield* finished.splice(0);
    }
    if (failure) throw failure.error;
  }
}

/** Most times a text is drawn: one with nothing but white space after the prefix is drawn again. */
export const maximumDraws = 8;

/**
 * Most times a text is drawn that may not stand. Of a model one in two of whose texts may not, one in 10^30 stays such a text; one
 * whose every text may not ends all the same.
 */
export const maximumTurns = 100;

/** The scores of a text's tokens. */
interface ScoredTokens {
  /** The end token included; empty where none are kept. */
  readonly scores: readonly TokenScore[];
  /** The character of prompt and text at which a stop text cut it: tokens that begin there are not of the text. */
  readonly end: number | undefined;
}

/** A sequence that is not drawn again: a text, or a candidate for one. */
interface FinishedSequence {
  readonly result: GeneratedText;
  /** The part of the text that {@link Sequence.takeDelta} has not returned. */
  readonly rest: string;
  readonly scored: ScoredTokens;
  readonly isBlank: boolean;
  readonly isRefused: boolean;
}

const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;

/** Receives the events of a request. */
interface GenerationListener {
  /** Called after every token, unless it ends the sequence. */
  onToken?(sequence: Sequence): void;
  /**
   * Called when a text is final.
   * @param rest the part of it that {@link Sequence.takeDelta} has not returned.
   * @param scored its tokens, where their scores are kept.
   */
  onText(text: GeneratedText, rest: string, scored: ScoredTokens): void;
  /**
   * Called once, when all texts are finished or, with an error, when the request failed; not if the request is
   * removed.
   */
  onEnd(error?: unknown): void;
}

/**
 * One caller's texts, generated in slots that may be shared with other requests (./continuous-batch.ts): supplies its
 * sequences in order of index, samples their tokens, and draws texts again that are blank or may not stand.
 */
export class GenerationRequest implements SequenceRequest {
  readonly sampling: SamplingOptions;
  readonly needsScores: boolean;
  readonly adapter: Adapter | undefined;
  /** Number of slots that hold this request's sequences; maintained by the batch. */
  slots = 0;
  private readonly prompts: readonly Prompt[];
  private readonly alternatives: number | undefined;
  private readonly sample: SampleToken;
  private readonly progress: GenerationProgress;
  private readonly draws: number;
  /** Sequences to start before new ones: draws of texts that came out blank or may not stand. */
  private readonly again: Sequence[] = [];
  /** Number of texts all of whose candidates have been started, or that exist already. */
  private started = 0;
  /** The candidate of the next text that is started next, from 0. */
  private candidate = 0;
  private readonly bestOf: number;
  /** What candidates are ranked by that a community made likelier. */
  private readonly addedLogits: Float32Array | undefined;
  private readonly pool: CandidatePool<FinishedSequence>;
  private unfinished: number;

  /**
   * @param prompts one for each prefix; `nsamples` texts begin with each. By default encoded from the options.
   * @param alternatives keeps the score of each token with so many of the likeliest ones; undefined keeps none.
   * @param adapter what the texts add to the base model, in a session that was opened for adapters.
   * @throws TitlesmithError `usage` when an option is wrong, or prefix and length exceed the session's capacity.
   */
  constructor(
    session: Pick<DecodeSession, 'capacity' | 'contextLength' | 'vocabularySize'>,
    private readonly tokenizer: Tokenizer,
    private readonly options: GenerationOptions,
    private readonly listener: GenerationListener,
    {
      context = silentContext,
      prompts = encodePrompts(tokenizer, options),
      alternatives,
      adapter,
    }: {
      readonly context?: WorkContext;
      readonly prompts?: readonly Prompt[] | undefined;
      readonly alternatives?: number | undefined;
      readonly adapter?: Adapter | undefined;
    } = {},
  ) {
    validateGenerationOptions(options);
    checkRanking(options);
    checkVocabulary(session, tokenizer);
    checkTokenIds(options, session.vocabularySize);
    checkCapacity(prompts, options, session);
    this.prompts = prompts;
    const { bestOf = 1, rank } = options;
    this.bestOf = bestOf;
    const isGainKept = alternatives !== undefined || ranksByCommunity(options);
    this.addedLogits = isGainKept ? options.addedLogits : undefined;
    this.pool = new CandidatePool(bestOf);
    this.alternatives = alternatives ?? (bestOf > 1 && rank !== 'novelty' ? 0 : undefined);
    this.adapter = adapter;
    this.sampling = samplingOf(options);
    this.needsScores = hostSamplingOptions(this.sampling).length > 0;
    this.sample = createSampler(this.sampling, session.vocabularySize);
    // At temperature 0 every draw gives the same text.
    this.draws = this.sampling.temperature === 0 ? 1 : maximumDraws;
    const total = prompts.length * options.nsamples;
    const { firstIndex = 0, finished = [] } = options;
    const isOwn = (index: number): boolean => firstIndex <= index && index < firstIndex + total;
    this.unfinished = total - [...finished].filter(isOwn).length;
    this.progress = new GenerationProgress(total, context, options.finished?.size);
  }

  /** Whether every text is finished. */
  get finished(): boolean {
    return this.unfinished === 0;
  }

  /** Whether the scores of tokens are kept. */
  get isScored(): boolean {
    return this.alternatives !== undefined;
  }

  /** The sequence to start next; undefined if none is waiting. */
  next(): Sequence | undefined {
    const again = this.again.pop();
    if (again) return again;
    const { nsamples, finished, firstIndex = 0 } = this.options;
    while (finished?.has(firstIndex + this.started)) this.started++;
    const prompt = this.prompts[Math.floor(this.started / nsamples)];
    if (!prompt) return undefined;
    const attempt = { candidate: this.candidate, draw: 1 };
    const sequence = new Sequence(firstIndex + this.started, prompt, this.options, this.tokenizer, attempt);
    this.candidate = (this.candidate + 1) % this.bestOf;
    if (this.candidate === 0) this.started++;
    return sequence;
  }

  /** Samples the next token of a sequence. */
  advance(sequence: Sequence, scores: Scores): void {
    const history = { prompt: sequence.prompt.tokens, generated: sequence.generated };
    this.append(sequence, this.sample(scores, sequence.random, history), scores);
  }

  /** Takes the next token of a sequence. @throws TitlesmithError if it is −1, as the scores were not finite. */
  append(sequence: Sequence, token: number, scores?: Scores): void {
    if (token < 0) throw notFinite();
    if (this.alternatives !== undefined && scores)
      sequence.scores.push(
        scoreToken(scores, this.sampling.temperature, token, this.alternatives, this.addedLogits),
      );
    sequence.add(token);
    this.progress.countToken();
    if (!sequence.finished) this.listener.onToken?.(sequence);
  }

  /** Passes the text of a finished sequence to the listener, unless it is to be drawn again. */
  finish(sequence: Sequence): void {
    const { result, blank, rest } = sequence.finish();
    const turns = sequence.turnedAway?.draws ?? 0;
    if (blank && sequence.draw - turns < this.draws) {
      this.again.push(sequence.nextDraw());
      return;
    }
    const { mayStand } = this.options;
    // A prefix that is a copy stays one where nothing follows it.
    const isAsked = mayStand !== undefined && result.text.trim() !== '' && this.draws > 1;
    const isRefused = isAsked && !mayStand(result.text);
    if (isRefused && turns < maximumTurns - 1) {
      this.again.push(sequence.nextDraw(result.text));
      return;
    }
    const scored = { scores: sequence.scores, end: sequence.scoredEnd };
    const finished = { result, rest, scored, isBlank: blank, isRefused };
    const candidates = this.pool.add(sequence.index, sequence.candidate, finished);
    if (candidates) this.deliver(candidates);
  }

  /** Passes the best of a text's candidates to the listener. */
  private deliver(candidates: readonly FinishedSequence[]): void {
    const { result, rest, scored, isBlank, isRefused } = this.best(candidates);
    this.unfinished--;
    this.progress.countText(isBlank, isRefused);
    this.listener.onText(result, rest, scored);
  }

  private best(candidates: readonly FinishedSequence[]): FinishedSequence {
    const [first] = candidates as readonly [FinishedSequence];
    if (candidates.length === 1) return first;
    const { rank = this.addedLogits ? 'community' : 'probability', noveltyOf } = this.options;
    const isCompared = needsNovelty(this.options);
    const scores = candidates.map(({ result, scored, isBlank, isRefused }) => ({
      meanLogProbability: this.isScored ? meanLogProbability(scored.scores) : undefined,
      meanGain: meanGain(scored.scores),
      novelty: isCompared ? noveltyOf?.(result.text) : undefined,
      isLast: isBlank || isRefused || (rank === 'community' && stutters(result.text)),
    }));
    const [best = 0] = ranked(scores, rank);
    const kept = candidates[best]!;
    const { meanLogProbability: mean, meanGain: gain, novelty } = scores[best]!;
    const chosen = {
      of: candidates.length,
      candidate: best + 1,
      ...(rank === 'novelty' || mean === undefined ? {} : { meanLogProbability: rounded(mean) }),
      ...(gain === undefined ? {} : { meanGain: rounded(gain) }),
      ...(novelty ? { closestRating: rounded(novelty.rating) } : {}),
      ...(best === 0 ? {} : { first: first.result.turnedAway?.first ?? first.result.text }),
    };
    return { ...kept, result: { ...kept.result, chosen } };
  }

  /** Reports to the listener that all texts are finished. */
  end(): void {
    this.progress.warn(this.draws);
    this.listener.onEnd();
  }

  /** Reports to the listener that the request failed. */
  fail(error: unknown): void {
    this.listener.onEnd(error);
  }
}

function checkVocabulary({ vocabularySize }: { vocabularySize: number }, tokenizer: Tokenizer): void {
  if (vocabularySize === tokenizer.vocabularySize) return;
  throw new TitlesmithError(
    `The model knows ${vocabularySize} tokens, but its tokenizer ${tokenizer.vocabularySize}.`,
    { code: 'vocabulary-mismatch', hint: 'The model folder mixes files of two models: make it anew.' },
  );
}

/** Counts texts and tokens and reports them to a context. */
class GenerationProgress {
  private readonly startedAt = performance.now();
  private tokens = 0;
  private blank = 0;
  private refused = 0;

  /** @param total number of texts requested. @param texts number that already existed. */
  constructor(
    private readonly total: number,
    private readonly context: WorkContext,
    private texts = 0,
  ) {}

  countToken(): void {
    this.tokens++;
  }

  /** Called when a text is final. */
  countText(blank: boolean, refused: boolean): void {
    this.texts++;
    if (blank) this.blank++;
    if (refused) this.refused++;
    const seconds = (performance.now() - this.startedAt) / 1000;
    const rate = seconds > 0 ? formatCount(this.tokens / seconds) : '0';
    this.context.onProgress({
      kind: 'progress',
      label: 'generate',
      done: this.texts,
      total: this.total,
      unit: 'texts',
      detail: `${rate} tokens/s`,
    });
  }

  /** Warns how many texts stayed blank, or may not stand, if any. @param draws how often blank ones were drawn. */
  warn(draws: number): void {
    const warn = (count: number, what: string): void => {
      if (count === 0) return;
      const message = `${count} of ${this.total} generated texts are ${what}.`;
      this.context.onProgress({ kind: 'warning', message });
    };
    warn(this.blank, `blank${draws === 1 ? '' : ` after ${draws} draws each`}`);
    warn(this.refused, `still such as are turned away after ${maximumTurns} draws each`);
  }
}
