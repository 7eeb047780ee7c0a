import { InterruptedError } from '../../common/errors.js';
import { formatLoss } from '../../common/number-formats.js';
import type { WorkContext } from '../../common/progress.js';
import type { Engine } from '../engine/engine.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import { storedWeights, type WeightSource } from '../transformer/weight-source.js';
import { BatchStream, evaluationBatches } from './batches.js';
import { DeviceTrainingState } from './device-training-state.js';
import { learningRateAt } from './learning-rate.js';
import { LossPrograms } from './loss-programs.js';
import { afterStep, initialLossScaling } from './loss-scale.js';
import {
  createTrainableModel,
  initializeModel,
  savedParameter,
  type TrainableModel,
} from './trainable-model.js';
import { divergedError, explainMemoryShortage } from './training-errors.js';
import type { TrainingOptions } from './training-options.js';
import { epochsOf, isSampled, planTraining, type TrainingData, type TrainingPlan } from './training-plan.js';
import { HostTrainingState, type TrainingState } from './training-state.js';
import {
  type MetricsLine,
  type MetricsLog,
  type SampledCopies,
  stateTensors,
  type TrainingPosition,
  type TrainingStorage,
} from './training-storage.js';

/** Everything training needs. */
export interface TrainingInput {
  readonly engine: Engine;
  readonly data: TrainingData;
  readonly tokenizer: Tokenizer;
  readonly configuration: TransformerConfiguration;
  /** Weights to start from, read straight into the model; undefined: train from scratch. */
  readonly pretrained: Pick<WeightSource, 'read'> | undefined;
  readonly options: TrainingOptions;
  /** Tokens that end a prompt before a title, where titles alone are to be learned; undefined: all of a text is. */
  readonly promptEnds?: ReadonlySet<number> | undefined;
  /** Texts to sample during training; undefined: none. */
  readonly samples?: TrainingSamples | undefined;
  /** Receives the model with the best validation loss, the state to resume from, and metrics. */
  readonly storage: TrainingStorage;
}

export interface TrainingSamples {
  /** Steps between samples. */
  readonly every: number;
  /**
   * Generates texts with the weights after `step` and keeps them.
   * @param valuesOf a parameter's values by name, adapters merged in; valid during the call.
   * @returns how many texts, and how many of them are copies of training titles.
   */
  readonly take: (step: number, valuesOf: (name: string) => Float32Array) => Promise<SampledCopies>;
  /**
   * Copies in a sample from which on training stops. Then texts are sampled at evaluations too, and weights are kept only if
   * their sample holds fewer. Undefined: any number is well.
   */
  readonly stopFrom?: number | undefined;
}

/** Losses are nats per token of titles. */
export interface TrainingResult {
  readonly steps: number;
  readonly epochs: number;
  readonly stopReason: 'steps' | 'patience' | 'copies';
  readonly initialValidationLoss: number;
  readonly bestValidationLoss: number;
  readonly bestStep: number;
  readonly finalValidationLoss: number;
  readonly parameters: number;
  /** Number of parameters that are trained. */
  readonly trainedParameters: number;
  readonly rowLength: number;
  /** Steps skipped because their gradients were not finite; undefined without mixed precision. */
  readonly skippedSteps?: number;
  /** The sample that ended the training, where the reason is `copies`. */
  readonly endedBy?: SampledCopies;
}

/**
 * Trains until the steps are done, validation stops improving, or a sample holds too many copies. Resumes from the storage's saved state if there is
 * one; the result is then the same, to the byte, as that of a run that was never stopped.
 * @throws InterruptedError when the context asks to stop, after saving the state; TitlesmithError when there are too
 *   few titles, the numbers diverge, or a device has too little memory; what the storage throws.
 */
export async function train(input: TrainingInput, context: WorkContext): Promise<TrainingResult> {
  const plan = planTraining(input.data, input.configuration, input.options);
  try {
    const run = await TrainingRun.open(input, plan, context);
    try {
      return await run.train();
    } finally {
      await run.dispose();
    }
  } catch (error) {
    throw explainMemoryShortage(error, input.options, plan);
  }
}

const beforeFirstStep: TrainingPosition = {
  step: 0,
  initialValidationLoss: Number.NaN,
  bestValidationLoss: Number.MAX_VALUE,
  bestStep: 0,
  lastValidationLoss: Number.NaN,
  evaluationsWithoutImprovement: 0,
  metricsLines: 0,
};

class TrainingRun {
  private constructor(
    private readonly input: TrainingInput,
    private readonly plan: TrainingPlan,
    private readonly context: WorkContext,
    private readonly model: TrainableModel,
    private readonly programs: LossPrograms,
    private readonly state: TrainingState,
    private readonly batches: BatchStream,
    private readonly metrics: MetricsLog,
    private position: TrainingPosition,
  ) {}

  /** Starts a training, or resumes the saved one. */
  static async open(input: TrainingInput, plan: TrainingPlan, context: WorkContext): Promise<TrainingRun> {
    const { engine, configuration, options, storage, pretrained, tokenizer } = input;
    const { rowLength } = plan;
    const model = createTrainableModel(configuration, options);
    const shape = { rows: options.batchSize, rowLength };
    await initializeModel(model, options.seed, pretrained);
    const programs = await LossPrograms.compile(engine, configuration, model, shape, options);
    const saved = await storage.loadState(stateTensors(model.trained));
    if (!saved) await storage.saveDescription(configuration, tokenizer);
    const state = engine.memory
      ? await DeviceTrainingState.open(engine, engine.memory, model)
      : await HostTrainingState.open(engine, model);
    const isMixed = options.mixedPrecision === 'float16';
    const position = saved ?? {
      ...beforeFirstStep,
      ...(isMixed ? { lossScaling: initialLossScaling } : {}),
    };
    const metrics = await storage.openMetrics(position);
    const { endOfTextId, startOfTextId } = tokenizer;
    const { promptEnds } = input;
    const layout = { ...options, rowLength, endOfTextId, startOfTextId, promptEnds };
    const batches = new BatchStream(input.data.train, layout);
    const run = new TrainingRun(input, plan, context, model, programs, state, batches, metrics, position);
    if (saved) {
      const what = run.endedBefore === undefined ? 'Resuming training' : 'Training had ended';
      context.onProgress({ kind: 'note', message: `${what} at step ${saved.step}.` });
    } else await run.evaluateBeforeTraining();
    return run;
  }

  /** Why a training that was saved had ended, where what follows it was cut short. */
  private get endedBefore(): TrainingResult['stopReason'] | undefined {
    const { endedBy, evaluationsWithoutImprovement, step } = this.position;
    if (endedBy) return 'copies';
    if (evaluationsWithoutImprovement >= this.patience) return 'patience';
    return step >= this.plan.steps ? 'steps' : undefined;
  }

  private get patience(): number {
    return this.input.options.patience ?? Number.POSITIVE_INFINITY;
  }

  async train(): Promise<TrainingResult> {
    const { options } = this.input;
    const { steps } = this.plan;
    const { patience, endedBefore } = this;
    if (endedBefore !== undefined) return this.result(endedBefore);
    let [tokens, since] = [0, performance.now()];
    for (let step = this.position.step; step < steps; ) {
      const trained = await this.trainStep(step);
      step++;
      tokens += trained.tokens;
      const tokensPerSecond = Math.round((1000 * tokens) / (performance.now() - since));
      const evaluates = step % options.evaluateEvery === 0 || step === steps;
      const { validationLoss, sampled } = await this.measure(step, evaluates);
      const prints = step % options.printEvery === 0 || step === 1;
      if (evaluates || prints || sampled) {
        await this.metrics.append(
          this.metricsLine(step, { ...trained, validationLoss, sampled, tokensPerSecond }),
        );
        [tokens, since] = [0, performance.now()];
      }
      this.report(step, trained.loss, tokensPerSecond);
      const isStuck = evaluates && this.position.evaluationsWithoutImprovement >= patience;
      const recites = this.position.endedBy !== undefined;
      const ends = recites || isStuck || step === steps;
      const stops = this.context.signal.aborted;
      if (ends || stops || step % options.saveEvery === 0) await this.save(step);
      if (ends) return this.result(recites ? 'copies' : isStuck ? 'patience' : 'steps');
      if (stops)
        throw new InterruptedError(`Interrupted at step ${step} of ${steps}; the checkpoint is saved.`);
    }
    return this.result('steps');
  }

  /**
   * One optimizer step.
   * @returns mean loss, gradient norm (not finite: the step was skipped) and number of tokens trained on.
   */
  private async trainStep(step: number): Promise<{ loss: number; gradientNorm: number; tokens: number }> {
    const { options } = this.input;
    const { accumulateGradients } = options;
    const firstBatch = step * accumulateGradients;
    const batches = Array.from({ length: accumulateGradients }, (_, index) =>
      this.batches.batch(firstBatch + index),
    );
    const { lossScaling } = this.position;
    const lossScale = lossScaling?.scale;
    const loss = await this.programs.computeGradients(this.state, batches, { firstBatch, lossScale });
    const gradientNorm = await this.state.update({
      step: step + 1 - (lossScaling?.skippedSteps ?? 0),
      learningRate: this.learningRateAt(step),
      weightDecay: options.weightDecay,
      clipNorm: options.clipNorm,
      lossScale: lossScale ?? 1,
    });
    this.adaptLossScale(step + 1, Number.isFinite(gradientNorm));
    return { loss, gradientNorm, tokens: batches.reduce((sum, { targetCount }) => sum + targetCount, 0) };
  }

  private learningRateAt(step: number): number {
    return learningRateAt(step, { ...this.input.options, totalSteps: this.plan.steps });
  }

  /** @throws TitlesmithError if gradients are not finite and a smaller scale would not help. */
  private adaptLossScale(step: number, gradientsAreFinite: boolean): void {
    const { lossScaling } = this.position;
    const next = lossScaling && afterStep(lossScaling, gradientsAreFinite);
    if (!gradientsAreFinite) {
      if (!next || next.scale < 1) throw divergedError(`The gradient of step ${step}`, this.input.options);
      const message = `Step ${step} skipped: its gradients overflow float16. Loss scale ${next.scale} from here on.`;
      this.context.onProgress({ kind: 'note', message });
    }
    if (next) this.position = { ...this.position, lossScaling: next };
  }

  /** Mean loss over the validation titles, nats per token. */
  private async evaluate(): Promise<number> {
    const { data, options, tokenizer, promptEnds } = this.input;
    const batches = evaluationBatches(data.validation, {
      batchSize: options.batchSize,
      rowLength: this.plan.rowLength,
      endOfTextId: tokenizer.endOfTextId,
      startOfTextId: tokenizer.startOfTextId,
      promptEnds,
    });
    const loss = await this.programs.evaluate(this.state, batches);
    if (!Number.isFinite(loss)) throw divergedError('The held-out loss', options);
    return loss;
  }

  private async evaluateBeforeTraining(): Promise<void> {
    const loss = await this.evaluate();
    this.position = { ...this.position, initialValidationLoss: loss, lastValidationLoss: loss };
    if (this.input.pretrained === undefined) return;
    // The model as it came is the one to beat: training that only makes it worse leaves it as it was.
    await this.saveModel();
    this.position = { ...this.position, bestValidationLoss: loss, bestStep: 0 };
  }

  /** Evaluates and samples where that is due, and keeps the weights where they are the best so far. */
  private async measure(
    step: number,
    evaluates: boolean,
  ): Promise<Pick<StepMetrics, 'validationLoss' | 'sampled'>> {
    const { stopFrom = Number.POSITIVE_INFINITY } = this.input.samples ?? {};
    let validationLoss = evaluates ? await this.evaluate() : undefined;
    const sampled = await this.takeSamples(step);
    const recites = sampled !== undefined && sampled.copies >= stopFrom;
    // Where nothing is kept yet, there is nothing better than what recites.
    const hasKept = this.position.bestValidationLoss < Number.MAX_VALUE;
    if (recites && !hasKept) validationLoss ??= await this.evaluate();
    if (validationLoss !== undefined) await this.keepIfBest(step, validationLoss, !recites || !hasKept);
    if (recites) this.position = { ...this.position, endedBy: sampled };
    return { validationLoss, sampled };
  }

  /** Saves the weights if they may be kept and are the best so far. */
  private async keepIfBest(step: number, loss: number, mayBeKept: boolean): Promise<void> {
    const improved = mayBeKept && loss < this.position.bestValidationLoss;
    if (improved) {
      await this.state.copyToModel('parameters');
      await this.saveModel();
    }
    this.position = {
      ...this.position,
      lastValidationLoss: loss,
      ...(improved ? { bestValidationLoss: loss, bestStep: step } : {}),
      evaluationsWithoutImprovement: improved ? 0 : this.position.evaluationsWithoutImprovement + 1,
    };
  }

  /** The weights, and of a pretrained model with adapters those too. */
  private async saveModel(): Promise<void> {
    const { storage, configuration, tokenizer, pretrained } = this.input;
    const { valuesOf } = this;
    await storage.saveWeights(configuration, valuesOf);
    const { adapters: specifications, frozen } = this.model;
    if (pretrained === undefined || specifications.length === 0) return;
    const base = storedWeights(frozen);
    await storage.saveAdapter?.({ configuration, tokenizer, base, specifications, valuesOf });
  }

  private readonly valuesOf = (name: string): Float32Array => savedParameter(this.model, name);

  /** @returns the copies among the samples; undefined if none are due. */
  private async takeSamples(step: number): Promise<SampledCopies | undefined> {
    const { samples, options } = this.input;
    if (!samples) return undefined;
    const measuring = { ...options, steps: this.plan.steps, sampleEvery: samples.every };
    if (!isSampled(step, { ...measuring, isSampledToKeep: samples.stopFrom !== undefined })) return undefined;
    await this.state.copyToModel('parameters');
    return samples.take(step, this.valuesOf);
  }

  private metricsLine(
    step: number,
    { loss, gradientNorm, validationLoss, sampled, tokensPerSecond }: StepMetrics,
  ): MetricsLine {
    const { lossScaling } = this.position;
    return {
      step,
      epoch: epochsOf(step, this.plan),
      ...(Number.isFinite(loss) ? { loss } : {}),
      ...(validationLoss === undefined ? {} : { validationLoss }),
      ...(sampled ? withShare(sampled) : {}),
      learningRate: this.learningRateAt(step - 1),
      ...(Number.isFinite(gradientNorm) ? { gradientNorm } : {}),
      tokensPerSecond,
      ...(lossScaling ? { lossScale: lossScaling.scale, skippedSteps: lossScaling.skippedSteps } : {}),
    };
  }

  private report(step: number, loss: number, tokensPerSecond: number): void {
    const { lastValidationLoss } = this.position;
    const detail = `loss ${formatLoss(loss)} | validation ${formatLoss(lastValidationLoss)} | ${tokensPerSecond} tokens/s`;
    const total = this.plan.steps;
    const measured = Number.isFinite(loss) ? { loss } : {};
    const progress = { label: 'train', done: step, total, unit: 'steps', detail, ...measured };
    this.context.onProgress({ kind: 'progress', ...progress });
  }

  private async save(step: number): Promise<void> {
    const { storage, options } = this.input;
    this.position = { ...this.position, step, metricsLines: await this.metrics.flush() };
    await this.state.copyToModel('everything');
    await storage.saveState(stateTensors(this.model.trained), this.position, { options, plan: this.plan });
  }

  private result(stopReason: TrainingResult['stopReason']): TrainingResult {
    const { step, initialValidationLoss, bestValidationLoss, bestStep } = this.position;
    const { lastValidationLoss, lossScaling, endedBy } = this.position;
    const trainedParameters = this.model.trained.parameters.flat.length;
    return {
      steps: step,
      epochs: epochsOf(step, this.plan),
      stopReason,
      initialValidationLoss,
      bestValidationLoss,
      bestStep,
      finalValidationLoss: lastValidationLoss,
      parameters: trainedParameters + this.model.frozen.flat.length,
      trainedParameters,
      rowLength: this.plan.rowLength,
      ...(lossScaling ? { skippedSteps: lossScaling.skippedSteps } : {}),
      ...(endedBy ? { endedBy } : {}),
    };
  }

  async dispose(): Promise<void> {
    await this.metrics.close();
    await this.state.dispose();
    await this.programs.dispose();
  }
}

/** What was measured at a step. */
interface StepMetrics {
  readonly loss: number;
  readonly gradientNorm: number;
  readonly validationLoss: number | undefined;
  readonly sampled: SampledCopies | undefined;
  readonly tokensPerSecond: number;
}

function withShare({ samples, copies }: SampledCopies): Partial<MetricsLine> {
  return { nearCopyShare: samples === 0 ? 0 : copies / samples, samples, copies };
}
