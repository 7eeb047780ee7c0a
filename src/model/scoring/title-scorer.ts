import { InterruptedError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import type { DeviceTensor, Engine, Program, Value } from '../engine/engine.js';
import { elementCount } from '../graph/shape.js';
import { promptLength, type TokenIds } from '../tokenizer/tokenized-titles.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import { parameterSpecifications } from '../transformer/parameters.js';
import type { WeightSource } from '../transformer/weight-source.js';
import { scoringBatches, scoringInputs } from './scoring-batches.js';
import { causalMasks, type ScoringShape, scoringGraph } from './scoring-graph.js';

interface ScoredModel {
  readonly configuration: TransformerConfiguration;
  /** The token that ends every title. */
  readonly endOfTextId: number;
  /** The token that starts every title, where that is another. */
  readonly startOfTextId?: number | undefined;
  /** Tokens that end a prompt before a title: what stands up to the last of them is read, but not scored. */
  readonly promptEnds?: ReadonlySet<number> | undefined;
}

/** A compiled scoring graph, and the mask of its batches. */
interface ScoringProgram {
  readonly program: Program;
  readonly attentionMask: Float32Array;
}

/** A model's parameters where the engine computes. */
interface LoadedWeights {
  readonly feeds: Readonly<Record<string, Value>>;
  readonly dispose: () => void;
}

/**
 * Scores titles: the negative log-likelihood of each under a model, computed in float32 whatever it was trained in. The
 * programs are compiled once for all weights that are scored.
 */
export class TitleScorer {
  /** By rows and length. */
  private readonly programs = new Map<string, ScoringProgram>();

  constructor(
    private readonly engine: Engine,
    private readonly model: ScoredModel,
  ) {}

  /**
   * @param weights are read once, and not closed.
   * @param titles tokens of each, its prompt included, without start and end; at most the model's context − 1.
   * @returns of each title the sum of −ln p over its tokens and the end token, in nats: p given the start, its prompt and
   *   the tokens before.
   * @throws InterruptedError when the context asks to stop; TitlesmithError naming a tensor that cannot be read, or where
   *   the device has too little memory.
   */
  async score(weights: WeightSource, titles: readonly TokenIds[], context: WorkContext): Promise<number[]> {
    const losses = await this.scoreTokens(weights, titles, context);
    return losses.map((own) => own.reduce((sum, loss) => sum + loss, 0));
  }

  /**
   * As {@link score}, token by token.
   * @returns of each title −ln p of its tokens and the end token, [tokens + 1], in nats.
   */
  async scoreTokens(
    weights: WeightSource,
    titles: readonly TokenIds[],
    context: WorkContext,
  ): Promise<Float32Array[]> {
    const loaded = await this.load(weights);
    try {
      return await this.scoreLoaded(loaded, titles, context);
    } finally {
      loaded.dispose();
    }
  }

  /** As {@link scoreTokens}, under weights that were loaded. */
  async scoreLoaded(
    loaded: LoadedWeights,
    titles: readonly TokenIds[],
    context: WorkContext,
  ): Promise<Float32Array[]> {
    const scored = new Array<Float32Array>(titles.length);
    const positions = titles.map((title) => title.length + 1);
    let done = 0;
    for (const batch of scoringBatches(positions, this.model.configuration)) {
      if (context.signal.aborted) throw new InterruptedError();
      const texts = batch.titles.map((title) => titles[title]!);
      const losses = await this.scoreBatch(loaded, batch.shape, texts);
      for (const [row, title] of batch.titles.entries()) scored[title] = losses[row]!;
      done += texts.length;
      const total = titles.length;
      context.onProgress({ kind: 'progress', label: 'score titles', done, total, unit: 'titles' });
    }
    return scored;
  }

  private async scoreBatch(
    { feeds }: LoadedWeights,
    shape: ScoringShape,
    texts: readonly TokenIds[],
  ): Promise<Float32Array[]> {
    const { promptEnds } = this.model;
    const { program, attentionMask } = await this.programOf(shape);
    const losses = new Float32Array(shape.rows * shape.length);
    await program.run({ ...scoringInputs(shape, texts, this.model), attentionMask, ...feeds }, { losses });
    return texts.map((text, row) => {
      const start = row * shape.length;
      return losses.slice(start + promptLength(text, promptEnds), start + text.length + 1);
    });
  }

  private async programOf(shape: ScoringShape): Promise<ScoringProgram> {
    const key = `${shape.rows}x${shape.length}`;
    const known = this.programs.get(key);
    if (known) return known;
    const program = await this.engine.compile(scoringGraph(this.model.configuration, shape));
    const compiled = { program, attentionMask: causalMasks(shape) };
    this.programs.set(key, compiled);
    return compiled;
  }

  /** Reads the weights one parameter at a time; on a device, each takes the memory of this process only until it is there. */
  async load(weights: WeightSource): Promise<LoadedWeights> {
    const { memory } = this.engine;
    const feeds: Record<string, Value> = {};
    const tensors: DeviceTensor[] = [];
    const dispose = (): void => {
      for (const tensor of tensors) tensor.dispose();
    };
    try {
      for (const { name, shape } of parameterSpecifications(this.model.configuration)) {
        const values = new Float32Array(elementCount(shape));
        await weights.read(name, values);
        if (!memory) {
          feeds[name] = values;
          continue;
        }
        const tensor = memory.allocate({ shape, dtype: 'float32' });
        tensors.push(tensor);
        await memory.write([[values, tensor]]);
        feeds[name] = tensor;
      }
    } catch (error) {
      dispose();
      throw error;
    }
    return { feeds, dispose };
  }

  async dispose(): Promise<void> {
    for (const { program } of this.programs.values()) await program.dispose();
    this.programs.clear();
  }
}
