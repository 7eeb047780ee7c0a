import { TitlesmithError } from '../../common/errors.js';
import { meanLogProbability } from '../../model/generation/best-of.js';
import type { ContinuousBatch } from '../../model/generation/continuous-batch.js';
import { effectiveTemperature } from '../../model/generation/generation-options.js';
import { GenerationRequest } from '../../model/generation/generation-request.js';
import { characters, type Sequence } from '../../model/generation/sequence.js';
import { scoreToken } from '../../model/generation/token-scores.js';
import type { Adapter } from '../../model/transformer/adapters.js';
import type { Scores } from '../../model/transformer/decode-scores.js';
import type { DecodeSession, PromptCache } from '../../model/transformer/decode-session.js';
import type { CompletionRequest } from '../completion.js';
import { type FittedPrompt, type FittedRequest, fitPrompts } from './fit-prompts.js';
import type { LoadedModel } from './load-models.js';
import type { Outbox } from './outbox.js';
import type { Rejection } from './thread-messages.js';
import { type PromptToken, TokenLog } from './token-log.js';

/** A prompt to score before the texts of its request are generated. */
interface ScoringJob {
  readonly id: number;
  readonly prompt: FittedPrompt;
  readonly temperature: number;
  readonly alternatives: number;
  readonly adapter: Adapter | undefined;
  readonly take: (tokens: readonly PromptToken[]) => void;
}

/** A request as it is run: fitted, and with the scores of its prompts where they are asked for. */
interface AcceptedRequest extends FittedRequest {
  readonly id: number;
  readonly model: LoadedModel;
  readonly completion: CompletionRequest;
  /** Of each prompt's tokens; undefined where they are not asked for. */
  readonly promptScores: (readonly PromptToken[] | undefined)[];
}

/** A request that was begun. */
interface RunningRequest {
  /** The model's name. */
  readonly model: string;
  /** Its texts; undefined before they are generated, while titles are read or prompts are scored. */
  readonly generation?: GenerationRequest;
}

/** Runs the requests that a thread was sent, and puts what happens to them in an outbox. */
export class RequestRunner<Cache extends PromptCache> {
  private readonly requests = new Map<number, RunningRequest>();
  private readonly scoring: ScoringJob[] = [];

  /** @param wake called when there is something to do after a time when there was not. */
  constructor(
    private readonly session: DecodeSession<Cache>,
    private readonly batch: ContinuousBatch<Cache>,
    private readonly outbox: Outbox,
    private readonly wake: () => void,
  ) {}

  /** Slots that are generating, by the model's name. */
  busySlots(): ReadonlyMap<string, number> {
    const busy = new Map<string, number>();
    for (const { model, generation } of this.requests.values())
      if (generation) busy.set(model, (busy.get(model) ?? 0) + generation.slots);
    return busy;
  }

  /** Whether there is nothing to do. */
  get idle(): boolean {
    return this.batch.idle && this.scoring.length === 0;
  }

  /** Starts a request; one that is refused, or fails, ends at once. */
  begin(id: number, model: LoadedModel, completion: CompletionRequest): void {
    this.requests.set(id, { model: model.name });
    const { judge } = model;
    if (!completion.judged || !judge || judge.held) {
      this.accept(id, model, completion);
      return;
    }
    judge.open().then(
      () => {
        // The request may have been withdrawn since.
        if (this.requests.has(id)) this.accept(id, model, completion);
        this.wake();
      },
      (error: unknown) => {
        if (this.requests.has(id)) this.end(id, failure(error));
        this.wake();
      },
    );
  }

  private accept(id: number, model: LoadedModel, completion: CompletionRequest): void {
    this.isolated(id, () => {
      const fitted = fitPrompts(completion, model);
      if ('rejection' in fitted) {
        this.end(id, fitted.rejection);
        return;
      }
      this.outbox.add({ kind: 'begin', id, promptTokens: fitted.prompts.map(({ tokens }) => tokens.length) });
      const promptScores = fitted.prompts.map(() => undefined);
      const accepted: AcceptedRequest = { ...fitted, id, model, completion, promptScores };
      if (completion.scores?.ofPrompt) this.scorePrompts(accepted, completion.scores.alternatives);
      else this.runAccepted(accepted);
    });
  }

  /** Ends a request of which nothing more is wanted. */
  withdraw(id: number): void {
    const generation = this.requests.get(id)?.generation;
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
    const { id, model, prompts, options, promptScores } = accepted;
    const { adapter } = model;
    let left = prompts.length;
    const temperature = effectiveTemperature(options.temperature);
    for (const [index, prompt] of prompts.entries()) {
      const take = (tokens: readonly PromptToken[]): void => {
        promptScores[index] = tokens;
        left -= 1;
        if (left === 0) this.runAccepted(accepted);
      };
      this.scoring.push({ id, prompt, temperature, alternatives, adapter, take });
    }
  }

  /** The shown tokens of a prompt: of the first there is no score, as OpenAI has none of the first. */
  private async score({
    prompt,
    temperature,
    alternatives,
    adapter,
  }: ScoringJob): Promise<readonly PromptToken[]> {
    const { tokens, hidden } = prompt;
    const shown: PromptToken[] = [];
    let position = 0;
    const onScores = (scores: Scores): void => {
      position += 1;
      const token = tokens[position];
      if (token === undefined || position <= hidden) return;
      shown.push(scoreToken(scores, temperature, token, alternatives));
    };
    const cache = await this.session.prefill(tokens, temperature, onScores, adapter);
    this.batch.keepPrompt(prompt, temperature, cache);
    const first = tokens[hidden];
    return first === undefined ? [] : [{ token: first }, ...shown];
  }

  private runAccepted(accepted: AcceptedRequest): void {
    if (accepted.length === 0) this.giveBackPrompts(accepted);
    else this.generate(accepted);
  }

  /** Ends a request for no new tokens: its texts are its prompts. */
  private giveBackPrompts({ id, model, prompts, options, promptScores }: AcceptedRequest): void {
    for (const [index, { prefix }] of prompts.entries()) {
      const text = { index, text: prefix, tokens: 0, finishReason: 'length', seed: options.seed } as const;
      const logprobs = logOf(model, promptScores[index], prefix).take([]);
      const finished = { rest: prefix, ...(promptScores[index] ? { logprobs } : {}) };
      this.outbox.addText(id, text, finished, undefined);
    }
    this.end(id, undefined);
  }

  private generate({ id, model, completion, options, prompts, promptScores }: AcceptedRequest): void {
    const { scores, judged } = completion;
    const judge = judged ? model.judge?.held?.judge : undefined;
    const logs = new Map<number, TokenLog>();
    const logOfText = (index: number): TokenLog => {
      const prompt = Math.floor(index / options.nsamples);
      const log = logs.get(index) ?? logOf(model, promptScores[prompt], prompts[prompt]!.prefix);
      logs.set(index, log);
      return log;
    };
    const onToken = (sequence: Sequence): void => {
      const delta = sequence.takeDelta();
      if (delta === '') return;
      const { index } = sequence;
      const logprobs = scores && logOfText(index).take(sequence.scores, sequence.emittedEnd);
      this.outbox.add({ kind: 'delta', id, index, delta, ...(logprobs ? { logprobs } : {}) });
    };
    const request = new GenerationRequest(
      this.session,
      model.tokenizer,
      options,
      {
        ...(completion.deltas ? { onToken } : {}),
        onText: (text, rest, { scores: tokens, end }) => {
          const scored = scores && {
            logprobs: logOfText(text.index).take(tokens, end),
            meanLogProbability: meanLogProbability(tokens),
          };
          this.outbox.addText(id, text, { rest, ...scored }, judge);
        },
        onEnd: (error) => this.end(id, error === undefined ? undefined : failure(error)),
      },
      { prompts, alternatives: scores?.alternatives, adapter: model.adapter },
    );
    this.requests.set(id, { model: model.name, generation: request });
    this.batch.add(request);
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

/** The log of a text: the prompt's tokens, where they are asked for, stand before its own. */
function logOf(
  { tokenizer }: LoadedModel,
  promptTokens: readonly PromptToken[] | undefined,
  prefix: string,
): TokenLog {
  return new TokenLog(tokenizer, characters(prefix), promptTokens);
}

function failure(error: unknown): Rejection {
  return { reason: 'failed', message: error instanceof TitlesmithError ? error.toLine() : String(error) };
}
