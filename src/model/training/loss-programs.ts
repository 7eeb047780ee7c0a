import type { Engine, Program, Value } from '../engine/engine.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import { quantizableMatrices, quantizedValues } from '../transformer/frozen-matrices.js';
import type { Batch, BatchShape } from './batches.js';
import { DeviceDropoutNumbers } from './device-dropout.js';
import { DropoutFactors } from './dropout.js';
import { evaluationGraph, lossScaleName, trainingGraph } from './loss-graph.js';
import { lossLayout } from './output-loss.js';
import type { TrainableModel } from './trainable-model.js';
import type { TrainingOptions } from './training-options.js';
import type { TrainingState } from './training-state.js';

interface Programs {
  readonly training: Program;
  /** Adds a batch's gradients to those of earlier batches; undefined if a step is one batch. */
  readonly accumulating: Program | undefined;
  readonly evaluation: Program;
}

/** The compiled loss graphs, run on batches with a training state's parameters. */
export class LossPrograms {
  private readonly loss = new Float32Array(1);

  private constructor(
    private readonly programs: Programs,
    private readonly dropout: DropoutFactors | DeviceDropoutNumbers | undefined,
    /** Parameters that the training programs hold themselves. */
    private readonly held: ReadonlySet<string>,
  ) {}

  /** @param model with its frozen parameters set, which are held in 8 bits where that is asked for. */
  static async compile(
    engine: Engine,
    configuration: TransformerConfiguration,
    model: TrainableModel,
    shape: BatchShape,
    options: TrainingOptions,
  ): Promise<LossPrograms> {
    const { mixedPrecision, recompute, dropout, seed, accumulateGradients } = options;
    const matmulDtype = mixedPrecision === 'float16' ? 'float16' : 'float32';
    // In float16 what is left in float32 are sums made as products: TF32 has float16's significand.
    const compileOptions = { allowTf32: mixedPrecision !== 'off' };
    const trainable = model.trained.parameters.specifications;
    const isQuantized = options.frozenPrecision === 'int8';
    const quantized = isQuantized ? quantizableMatrices(model.frozen.specifications) : [];
    const constants = quantizedValues(model.frozen, quantized);
    const layout = lossLayout(engine);
    // A card would wait for factors that are drawn here.
    const drawn = engine.memory ? ({ probability: dropout } as const) : 'inputs';
    const shared = {
      trainable,
      recompute,
      dropout: dropout > 0 ? drawn : undefined,
      matmulDtype,
      layout,
      quantized,
    } as const;
    const compileTraining = (accumulate: boolean): Promise<Program> =>
      engine.compile(trainingGraph(configuration, shape, { ...shared, accumulate }), {
        ...compileOptions,
        constants,
      });
    const programs = {
      training: await compileTraining(false),
      accumulating: accumulateGradients > 1 ? await compileTraining(true) : undefined,
      evaluation: await engine.compile(
        evaluationGraph(configuration, shape, model.adapters, { matmulDtype, layout }),
        compileOptions,
      ),
    };
    const openDropout = (): DropoutFactors | DeviceDropoutNumbers =>
      engine.memory
        ? new DeviceDropoutNumbers(configuration, shape, seed)
        : new DropoutFactors(configuration, shape, { probability: dropout, seed });
    return new LossPrograms(programs, dropout > 0 ? openDropout() : undefined, new Set(constants.keys()));
  }

  /**
   * Computes the gradients of the mean loss over the batches of one step, which `state.update` applies.
   * @param firstBatch number of the first batch, counted over the whole training; seeds the dropout.
   * @param lossScale what the loss is multiplied by; undefined without mixed precision.
   * @returns the mean loss, nats per target.
   */
  async computeGradients(
    state: TrainingState,
    batches: readonly Batch[],
    { firstBatch, lossScale }: { readonly firstBatch: number; readonly lossScale: number | undefined },
  ): Promise<number> {
    const targetCount = batches.reduce((sum, batch) => sum + batch.targetCount, 0);
    const scale: Record<string, Value> =
      lossScale === undefined ? {} : { [lossScaleName]: Float32Array.of(lossScale) };
    let total = 0;
    const parameters = Object.entries(state.parameters()).filter(([name]) => !this.held.has(name));
    for (const [index, batch] of batches.entries()) {
      const feeds = { ...batchFeeds(batch, targetCount), ...Object.fromEntries(parameters) };
      const factors = this.dropout?.draw(firstBatch + index);
      const { accumulated, results } = state.gradients(index > 0);
      const program = index === 0 ? this.programs.training : this.programs.accumulating!;
      await program.run({ ...feeds, ...scale, ...factors, ...accumulated }, { loss: this.loss, ...results });
      total += this.loss[0]!;
    }
    return total;
  }

  /** Mean loss over all targets of the batches, nats per target. */
  async evaluate(state: TrainingState, batches: Iterable<Batch>): Promise<number> {
    let [sum, targets] = [0, 0];
    for (const batch of batches) {
      const feeds = { ...batchFeeds(batch, batch.targetCount), ...state.parameters() };
      await this.programs.evaluation.run(feeds, { loss: this.loss });
      sum += this.loss[0]! * batch.targetCount;
      targets += batch.targetCount;
    }
    return sum / targets;
  }

  async dispose(): Promise<void> {
    const { training, accumulating, evaluation } = this.programs;
    await training.dispose();
    await accumulating?.dispose();
    await evaluation.dispose();
  }
}

/** @param targetCount number of targets to average the loss over. */
function batchFeeds(batch: Batch, targetCount: number): Record<string, Value> {
  const { inputIds, positionIds, targetIds, attentionMask } = batch;
  const targetWeights = batch.targetWeights.map((weight) => weight / targetCount);
  return { inputIds, positionIds, targetIds, attentionMask, targetWeights };
}
