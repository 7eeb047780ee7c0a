import { InterruptedError, usageError } from '../common/errors.js';
import type { WorkContext } from '../common/progress.js';
import { promptEnds, withoutCondition } from '../data/conditioning.js';
import { subredditPrompt } from '../data/known-subreddits.js';
import type { TrainedCondition } from '../data/trained-condition.js';
import type { Engine } from '../model/engine/engine.js';
import { tokenLosses } from '../model/generation/token-scores.js';
import { TitleScorer } from '../model/scoring/title-scorer.js';
import {
  promptLength,
  TitleEncoder,
  type TokenIds,
  tokenArray,
} from '../model/tokenizer/tokenized-titles.js';
import { startOf } from '../model/tokenizer/tokenizer.js';
import { openForGeneration, openModelFiles } from '../model/weights/open-for-generation.js';
import type { OpenModel } from '../model/weights/open-model.js';
import type { Precision } from '../options/choices.js';
import { restoreOptions } from '../options/option-values.js';
import { readManifest } from './run/manifest-file.js';
import { askCommunity } from './stages/base-communities.js';
import { conditionOfRun, readModelCondition, titleOfModel } from './stages/model-condition.js';

/** A title as a model reads it. */
export interface PromptedTitle {
  /** Read before the title, and not scored; empty where there is none. */
  readonly prompt: string;
  readonly title: string;
}

/** A model whose weights are loaded. */
export interface LoadedScorer {
  /** −ln p of the tokens of each title and of the end token, its prompt left out, in nats. */
  score(texts: readonly TokenIds[], context: WorkContext): Promise<Float32Array[]>;
  dispose(): Promise<void>;
}

/** Rows of a prompt that a decode session computes at a time: more than most titles have tokens. */
const sessionRows = 32;

/** Titles that one scores between two progress events. */
const reportEvery = 20;

/** A model that titles are scored under: its files are open, its weights not loaded. */
export class ScoringModel {
  /** Most tokens of a title, its prompt included. */
  readonly mostTokens: number;
  /** Whether every title that it learned from had a prompt. */
  readonly isAlwaysPrompted: boolean;
  private readonly encoder: TitleEncoder;
  /** Undefined for a model that is not prompted. */
  private readonly promptEnds: ReadonlySet<number> | undefined;

  private constructor(
    private readonly files: OpenModel,
    condition: TrainedCondition | undefined,
    /** What {@link split} puts before titles without a prompt. */
    private readonly prompt: string,
  ) {
    const { configuration, tokenizer } = files;
    this.mostTokens = configuration.contextLength - 1;
    this.encoder = new TitleEncoder(tokenizer, { maximumTokens: this.mostTokens });
    this.promptEnds = condition && promptEnds(tokenizer);
    this.isAlwaysPrompted = condition?.share === 1;
  }

  /**
   * Opens a model's files; nothing is locked or written.
   * @param name a run's folder, or as for `--model`.
   * @param subreddit whose titles are scored, by a model that is prompted by name.
   * @throws TitlesmithError when there is no such model, or it does not know the subreddit.
   */
  static async open(
    name: string,
    subreddit: string | undefined,
    context: WorkContext,
  ): Promise<ScoringModel> {
    const manifest = await readManifest(name);
    const run = manifest && restoreOptions(manifest.options);
    const condition = (await readModelCondition(name)) ?? (run && conditionOfRun(run));
    const asked = run
      ? { title: `The model of ${name}`, start: undefined, condition, madeOf: run.subreddit }
      : { ...titleOfModel(name), condition, madeOf: [] };
    const { prompt = '', changed } = await askCommunity(
      name,
      { subreddit, guidanceByDefault: 1 },
      (named) => subredditPrompt(asked, named),
      context,
    );
    return new ScoringModel(changed(await openModelFiles(name, context)), condition, prompt);
  }

  /**
   * A title and what stands before it: its own prompt, as in a dataset, for a model that is prompted.
   * @throws TitlesmithError `usage` where it has one, though a subreddit is named.
   */
  split(text: string): PromptedTitle {
    const title = this.promptEnds ? withoutCondition(text) : text;
    const own = text.slice(0, text.length - title.length);
    if (own !== '' && this.prompt !== '') {
      const which = `the title ${JSON.stringify(title.slice(0, 40))} has a prompt of its own`;
      throw usageError(`A subreddit is named, but ${which}.`, 'Leave the subreddit out.');
    }
    return { prompt: own === '' ? this.prompt : own, title };
  }

  /** The tokens of a title behind its prompt; undefined if there are more than the model reads. */
  encode({ prompt, title }: PromptedTitle): TokenIds | undefined {
    const encoded = this.encoder.encode(prompt + title);
    if (encoded === undefined) return undefined;
    const tokens = tokenArray(this.files.tokenizer.vocabularySize, encoded.length);
    tokens.set(encoded);
    return tokens;
  }

  /**
   * Loads the weights: of float32 into the graph that training measures titles with, else into that which generates, which
   * has the other precisions and reads one title at a time.
   * @param longest tokens of the longest title.
   */
  async load(engine: Engine, precision: Precision, longest: number): Promise<LoadedScorer> {
    return precision === 'float32' ? this.loadGraph(engine) : this.loadSession(engine, precision, longest);
  }

  private async loadGraph(engine: Engine): Promise<LoadedScorer> {
    const { configuration, tokenizer, weights } = this.files;
    const { endOfTextId, startOfTextId } = tokenizer;
    const { promptEnds } = this;
    const scorer = new TitleScorer(engine, { configuration, endOfTextId, startOfTextId, promptEnds });
    const loaded = await scorer.load(weights);
    return {
      score: (texts, context) => scorer.scoreLoaded(loaded, texts, context),
      dispose: async () => {
        loaded.dispose();
        await scorer.dispose();
      },
    };
  }

  private async loadSession(engine: Engine, precision: Precision, longest: number): Promise<LoadedScorer> {
    const { tokenizer } = this.files;
    const { endOfTextId } = tokenizer;
    const sizes = { slots: sessionRows, capacity: longest + 1 };
    const { session } = await openForGeneration(this.files, { engine, precision, ...sizes });
    return {
      score: async (texts, { signal, onProgress }) => {
        const scored: Float32Array[] = [];
        for (const text of texts) {
          if (signal.aborted) throw new InterruptedError();
          const [inputs, targets] = [
            Int32Array.of(startOf(tokenizer), ...text),
            Int32Array.of(...text, endOfTextId),
          ];
          const losses = await tokenLosses(session, inputs, targets);
          scored.push(losses.subarray(promptLength(text, this.promptEnds)));
          const [done, total] = [scored.length, texts.length];
          if (done % reportEvery > 0 && done < total) continue;
          onProgress({ kind: 'progress', label: 'score titles', done, total, unit: 'titles' });
        }
        return scored;
      },
      dispose: () => session.dispose(),
    };
  }

  async close(): Promise<void> {
    await this.files.weights.close();
  }
}
