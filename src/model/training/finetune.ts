import { join } from 'node:path';
import { InterruptedError } from '../../common/errors.js';
import { writeFileAtomic } from '../../common/files.js';
import type { WorkContext } from '../../common/progress.js';
import type { Engine, NumericArray, Program } from '../engine/contract.js';
import { writeModelDescription, writeWeights } from '../gpt2/checkpoint.js';
import type { Gpt2Configuration } from '../gpt2/configuration.js';
import { createParameterStore, initializeParameters, type ParameterStore } from '../gpt2/parameters.js';
import type { Tokenizer } from '../tokenizer/contract.js';
import { type Batch, BatchStream, evaluationBatches } from './batches.js';
import type { TrainingData, TrainingOptions, TrainingResult } from './contract.js';
import { evaluationGraph, gradientName, trainingGraph } from './loss-graph.js';
import { MetricsFile } from './metrics-file.js';
import { Optimizer, type OptimizerState } from './optimizer.js';
import { epochsOf, planTraining, type TrainingPlan } from './plan.js';
import { loadResumeState, saveResumeState, type TrainingPosition } from './resume-state.js';
import { learningRateAt } from './schedule.js';

export interface FinetuneInput {
  readonly engine: Engine;
  readonly data: TrainingData;
  readonly tokenizer: Tokenizer;
  readonly configuration: Gpt2Configuration;
  /** Weights to start from; undefined: a model from scratch. Not changed. */
  readonly pretrained: ParameterStore | undefined;
  /** Receives model.safetensors (best by validation loss), config.json, tokenizer files, and the state to resume from. */
  readonly checkpointFolder: string;
  readonly metricsPath: string;
  readonly options: TrainingOptions;
}

/** Weights, moments and position of the latest save. */
export const resumeStateFile = 'optimizer.safetensors';

/**
 * Trains until the steps are done or validation stops improving, and goes on from the checkpoint folder's saved state
 * where there is one: then the outcome is the same, to the byte, as that of a run that was never stopped.
 * @throws InterruptedError once the state is saved, when the context asks to stop; TitlesmithError on bad files.
 */
export async function finetune(input: FinetuneInput, context: WorkContext): Promise<TrainingResult> {
  const plan = planTraining(input.data, input.configuration, input.options);
  const run = await TrainingRun.start(input, plan, context);
  try {
    return await run.train();
  } finally {
    await run.dispose();
  }
}

class TrainingRun {
  private lossOfStep = new Float32Array(1);

  private constructor(
    private readonly input: FinetuneInput,
    private readonly plan: TrainingPlan,
    private readonly context: WorkContext,
    private readonly state: OptimizerState,
    private readonly programs: { training: Program; evaluation: Program; optimizer: Optimizer },
    private readonly batches: BatchStream,
    private readonly metrics: MetricsFile,
    private position: TrainingPosition,
  ) {}

  static async start(input: FinetuneInput, plan: TrainingPlan, context: WorkContext): Promise<TrainingRun> {
    const { engine, configuration, options, checkpointFolder, pretrained, tokenizer } = input;
    const createStore = (): ParameterStore => createParameterStore(configuration);
    const state: OptimizerState = {
      parameters: createStore(),
      gradients: createStore(),
      firstMoments: createStore(),
      secondMoments: createStore(),
    };
    const shape = { rows: options.batchSize, rowLength: plan.rowLength };
    const programs = {
      training: await engine.compile(trainingGraph(configuration, shape)),
      evaluation: await engine.compile(evaluationGraph(configuration, shape)),
      optimizer: await Optimizer.create(engine, state),
    };
    const saved = await loadResumeState(join(checkpointFolder, resumeStateFile), state);
    if (!saved) {
      if (pretrained) state.parameters.flat.set(pretrained.flat);
      else initializeParameters(state.parameters, options.seed);
      await writeModelDescription(checkpointFolder, configuration, tokenizer);
    }
    const metrics = await MetricsFile.open(input.metricsPath, saved?.metricsBytes ?? 0);
    const { rowLength } = plan;
    const { endOfTextId } = tokenizer;
    const stream = new BatchStream(input.data.train, { ...options, rowLength, endOfTextId });
    const run = new TrainingRun(
      input,
      plan,
      context,
      state,
      programs,
      stream,
      metrics,
      saved ?? beforeFirstStep,
    );
    if (saved) context.onProgress({ kind: 'note', message: `Resuming training at step ${saved.step}.` });
    else await run.evaluateBeforeTraining();
    return run;
  }

  private feeds(batch: Batch): Record<string, NumericArray> {
    const { inputIds, positionIds, targetIds, targetWeights, attentionMask, targetCount } = batch;
    return {
      inputIds,
      positionIds,
      targetIds,
      attentionMask,
      targetWeights: targetWeights.map((weight) => weight / targetCount),
      ...Object.fromEntries(this.state.parameters.views),
    };
  }

  /** Mean loss over the validation titles, nats a token. */
  private async evaluate(): Promise<number> {
    const loss = new Float32Array(1);
    let [sum, tokens] = [0, 0];
    const { data, options, tokenizer } = this.input;
    const { rowLength } = this.plan;
    const layout = { batchSize: options.batchSize, rowLength, endOfTextId: tokenizer.endOfTextId };
    for (const batch of evaluationBatches(data.validation, layout)) {
      await this.programs.evaluation.run(this.feeds(batch), { loss });
      sum += loss[0]! * batch.targetCount;
      tokens += batch.targetCount;
    }
    return sum / tokens;
  }

  private async evaluateBeforeTraining(): Promise<void> {
    const loss = await this.evaluate();
    this.position = { ...this.position, initialValidationLoss: loss, lastValidationLoss: loss };
  }

  /** Evaluates, keeps the weights where they are the best so far, and tells how long there was no better. */
  private async evaluateAndKeepBest(step: number): Promise<number> {
    const loss = await this.evaluate();
    const improved = loss < this.position.bestValidationLoss;
    if (improved) await writeWeights(this.input.checkpointFolder, this.state.parameters);
    this.position = {
      ...this.position,
      lastValidationLoss: loss,
      ...(improved ? { bestValidationLoss: loss, bestStep: step } : {}),
      evaluationsWithoutImprovement: improved ? 0 : this.position.evaluationsWithoutImprovement + 1,
    };
    return loss;
  }

  private async save(step: number): Promise<void> {
    this.position = { ...this.position, step, metricsBytes: await this.metrics.flush() };
    await saveResumeState(join(this.input.checkpointFolder, resumeStateFile), this.state, this.position);
    const summary = { ...this.position, options: this.input.options, plan: this.plan };
    const content = `${JSON.stringify(summary, null, 2)}\n`;
    await writeFileAtomic(join(this.input.checkpointFolder, 'training.json'), content);
  }

  /** One optimizer step. @returns loss of the batch, gradient norm and tokens trained on. */
  private async trainStep(step: number): Promise<{ loss: number; gradientNorm: number; tokens: number }> {
    const { options } = this.input;
    const batch = this.batches.batch(step);
    const results: Record<string, NumericArray> = { loss: this.lossOfStep };
    for (const [name, view] of this.state.gradients.views) results[gradientName(name)] = view;
    await this.programs.training.run(this.feeds(batch), results);
    const gradientNorm = await this.programs.optimizer.update({
      step: step + 1,
      learningRate: learningRateAt(step, { ...options, totalSteps: this.plan.steps }),
      weightDecay: options.weightDecay,
      clipNorm: options.clipNorm,
    });
    return { loss: this.lossOfStep[0]!, gradientNorm, tokens: batch.targetCount };
  }

  async train(): Promise<TrainingResult> {
    const { options } = this.input;
    const { steps } = this.plan;
    let [tokens, since] = [0, performance.now()];
    let stopReason: TrainingResult['stopReason'] = 'steps';
    for (let step = this.position.step; step < steps; ) {
      const { loss, gradientNorm, tokens: trained } = await this.trainStep(step);
      step++;
      tokens += trained;
      const tokensPerSecond = Math.round((1000 * tokens) / (performance.now() - since));
      const evaluates = step % options.evaluateEvery === 0 || step === steps;
      const validation = evaluates ? { validationLoss: await this.evaluateAndKeepBest(step) } : {};
      if (evaluates || step % options.printEvery === 0 || step === 1) {
        const epoch = epochsOf(step, this.plan, this.input.options.batchSize);
        const learningRate = learningRateAt(step - 1, { ...options, totalSteps: steps });
        await this.metrics.append({
          step,
          epoch,
          loss,
          ...validation,
          learningRate,
          gradientNorm,
          tokensPerSecond,
        });
        [tokens, since] = [0, performance.now()];
      }
      this.report(step, loss, tokensPerSecond);
      const { patience } = options;
      const isStuck = patience !== undefined && this.position.evaluationsWithoutImprovement >= patience;
      if (evaluates && isStuck) stopReason = 'patience';
      const ends = stopReason === 'patience' || step === steps;
      const stops = this.context.stopRequested();
      if (ends || stops || step % options.saveEvery === 0) await this.save(step);
      if (ends) break;
      if (stops)
        throw new InterruptedError(`Interrupted at step ${step} of ${steps}; the checkpoint is saved.`);
    }
    return this.result(stopReason);
  }

  private report(step: number, loss: number, tokensPerSecond: number): void {
    const { lastValidationLoss } = this.position;
    const detail = `loss ${loss.toFixed(3)} | validation ${lastValidationLoss.toFixed(3)} | ${tokensPerSecond} tokens/s`;
    this.context.onProgress({
      kind: 'progress',
      label: 'train',
      done: step,
      total: this.plan.steps,
      unit: 'steps',
      detail,
    });
  }

  private result(stopReason: TrainingResult['stopReason']): TrainingResult {
    const { step, initialValidationLoss, bestValidationLoss, bestStep, lastValidationLoss } = this.position;
    return {
      steps: step,
      epochs: epochsOf(step, this.plan, this.input.options.batchSize),
      stopReason,
      initialValidationLoss,
      bestValidationLoss,
      bestStep,
      finalValidationLoss: lastValidationLoss,
      parameters: this.state.parameters.flat.length,
      rowLength: this.plan.rowLength,
    };
  }

  async dispose(): Promise<void> {
    await this.metrics.close();
    await this.programs.optimizer.dispose();
    await this.programs.training.dispose();
    await this.programs.evaluation.dispose();
  }
}

const beforeFirstStep: TrainingPosition = {
  step: 0,
  initialValidationLoss: Number.NaN,
  bestValidationLoss: Number.MAX_VALUE,
  bestStep: 0,
  lastValidationLoss: Number.NaN,
  evaluationsWithoutImprovement: 0,
  metricsBytes: 0,
};
