import { TitlesmithError } from '../../common/errors.js';
import { meanLogProbability } from '../../model/generation/best-of.js';
import type { ContinuousBatch } from '../../model/generation/continuous-batch.js';
import { effectiveTemperature } from '../../model/generation/generation-options.js';
import { GenerationRequest } from '../../model/generation/generation-request.js';
import { characters, type Sequence } from '../../model/generation/sequence.js';
import { scoreToken } from '../../model/generation/token-scores.js';
import type { DecodeSession, PromptCache } from '../../model/transformer/decode-session.js';
import type { Delimiters } from '../../options/choices.js';
import type { CompletionRequest } from '../completion.js';
import { type FittedPrompt, type FittedRequest, fitPrompts } from './fit-prompts.js';
import type { LoadedModel } from './load-model.js';
import type { Outbox } from './outbox.js';
import type { Rejection } from './thread-messages.js';
import { type PromptToken, TokenLog } from './token-log.js';

/** A prompt to score before the texts of its request are generated. */
interface ScoringJob {
  readonly id: number;
  readonly prompt: FittedPrompt;
  readonly temperature: number;
  readonly alternatives: number;
  readonly take: (tokens: readonly PromptToken[]) => void;
}

/** A request as it is run: fitted, and with the scores of its prompts where they are asked for. */
interface AcceptedRequest extends FittedRequest {
  readonly id: number;
  readonly completion: CompletionRequest;
  /** Of each prompt's tokens; undefined where they are not asked for. */
  readonly promptScores: (readonly PromptToken[] | undefined)[];
}

/** Runs the requests that a thread was sent, and puts what happens to them in an outbox. */
export class RequestRunner<Cache extends PromptCache> {
  /** Of each request the texts that are generated; undefined while its prompts are scored, which comes first. */
  private readonly requests = new Map<number, GenerationRequest | undefined>();
  private readonly scoring: ScoringJob[] = [];

  constructor(
    private readonly session: DecodeSession<Cache>,
    private readonly batch: ContinuousBatch<Cache>,
    private readonly model: LoadedModel,
    private readonly delimiters: Delimiters,
    private readonly outbox: Outbox,
  ) {}

  /** Whether there is nothing to do. */
  get idle(): boolean {
    return this.batch.idle && this.scoring.length === 0;
  }

  /** Starts a request; one that is refused, or fails, ends at once. */
  begin(id: number, completion: CompletionRequest): void {
    this.isolated(id, () => {
      const fitted = fitPrompts(completion, this.delimiters, this.model);
      if ('rejection' in fitted) {
        this.end(id, fitted.rejection);
        return;
      }
      this.requests.set(id, undefined);
      this.outbox.add({ kind: 'begin', id, promptTokens: fitted.prompts.map(({ tokens }) => tokens.length) });
      const promptScores = fitted.prompts.map(() => undefined);
      const accepted: AcceptedRequest = { ...fitted, id, completion, promptScores };
      if (completion.scores?.ofPrompt) this.scorePrompts(accepted, completion.scores.alternatives);
      else this.runAccepted(accepted);
    });
  }

  /** Ends a request of which nothing more is wanted. */
  withdraw(id: number): void {
    const generation = this.requests.get(id);
    this.requests.delete(id);
    if (generation) this.batch.remove(generation);
  }

  /** Scores a prompt where one waits, and generates one token of every text. */
  async step(): Promise<void> {
    const job = this.scoring.shift();
    // The request may have been withdrawn since.
    if (job && this.requests.has(job.id)) {
      const scored = await this.score(job).catch((error: unknown) => ({ error }));
      this.isolated(job.id, () => {
        if ('error' in scored) throw scored.error;
        job.take(scored);
      });
    }
    if (!this.batch.idle) await this.batch.step();
  }

  private scorePrompts(accepted: AcceptedRequest, alternatives: number): void {
    const { id, prompts, options, promptScores } = accepted;
    let left = prompts.length;
    const temperature = effectiveTemperature(options.temperature);
    for (const [index, prompt] of prompts.entries()) {
      const take = (tokens: readonly PromptToken[]): void => {
        promptScores[index] = tokens;
        left -= 1;
        if (left === 0) this.runAccepted(accepted);
      };
      this.scoring.push({ id, prompt, temperature, alternatives, take });
    }
  }

  /** The shown tokens of a prompt: of the first there is no score, as OpenAI has none of the first. */
  private async score({ prompt, temperature, alternatives }: ScoringJob): Promise<readonly PromptToken[]> {
    const { tokens, hidden } = prompt;
    const shown: PromptToken[] = [];
    let position = 0;
    const cache = await this.session.prefill(tokens, temperature, (scores) => {
      position += 1;
      const token = tokens[position];
      if (token === undefined || position <= hidden) return;
      shown.push(scoreToken(scores, temperature, token, alternatives));
    });
    this.batch.keepPrompt(prompt, temperature, cache);
    const first = tokens[hidden];
    return first === undefined ? [] : [{ token: first }, ...shown];
  }

  private runAccepted(accepted: AcceptedRequest): void {
    if (accepted.length === 0) this.giveBackPrompts(accepted);
    else this.generate(accepted);
  }

  /** Ends a request for no new tokens: its texts are its prompts. */
  private giveBackPrompts({ id, prompts, options, promptScores }: AcceptedRequest): void {
    for (const [index, { prefix }] of prompts.entries()) {
      const text = { index, text: prefix, tokens: 0, finishReason: 'length', seed: options.seed } as const;
      const logprobs = this.logOf(promptScores[index], prefix).take([]);
      this.outbox.addText(id, text, { rest: prefix, ...(promptScores[index] ? { logprobs } : {}) }, false);
    }
    this.end(id, undefined);
  }

  private generate({ id, completion, options, prompts, promptScores }: AcceptedRequest): void {
    const { scores, judged } = completion;
    const logs = new Map<number, TokenLog>();
    const logOf = (index: number): TokenLog => {
      const prompt = Math.floor(index / options.nsamples);
      const log = logs.get(index) ?? this.logOf(promptScores[prompt], prompts[prompt]!.prefix);
      logs.set(index, log);
      return log;
    };
    const onToken = (sequence: Sequence): void => {
      const delta = sequence.takeDelta();
      if (delta === '') return;
      const { index } = sequence;
      const logprobs = scores && logOf(index).take(sequence.scores, sequence.emittedEnd);
      this.outbox.add({ kind: 'delta', id, index, delta, ...(logprobs ? { logprobs } : {}) });
    };
    const request = new GenerationRequest(
      this.session,
      this.model.tokenizer,
      options,
      {
        ...(completion.deltas ? { onToken } : {}),
        onText: (text, rest, { scores: tokens, end }) => {
          const scored = scores && {
            logprobs: logOf(text.index).take(tokens, end),
            meanLogProbability: meanLogProbability(tokens),
          };
          this.outbox.addText(id, text, { rest, ...scored }, judged && this.model.judge !== undefined);
        },
        onEnd: (error) => this.end(id, error === undefined ? undefined : failure(error)),
      },
      { prompts, alternatives: scores?.alternatives },
    );
    this.requests.set(id, request);
    this.batch.add(request);
  }

  /** The log of a text: the prompt's tokens, where they are asked for, stand before its own. */
  private logOf(promptTokens: readonly PromptToken[] | undefined, prefix: string): TokenLog {
    return new TokenLog(this.model.tokenizer, characters(prefix), promptTokens);
  }

  /** Does something for a request, which alone fails if that does. */
  private isolated(id: number, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.end(id, failure(error));
    }
  }

  private end(id: number, rejection: Rejection | undefined): void {
    this.requests.delete(id);
    this.outbox.add({ kind: 'end', id, rejection });
  }
}

function failure(error: unknown): Rejection {
  return { reason: 'failed', message: error instanceof TitlesmithError ? error.toLine() : String(error) };
}
