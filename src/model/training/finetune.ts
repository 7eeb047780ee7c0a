import { join } from 'node:path';
import { InterruptedError } from '../../common/errors.js';
import { writeFileAtomic } from '../../common/files.js';
import type { WorkContext } from '../../common/progress.js';
import type { Program, Value } from '../engine/contract.js';
import { writeModelDescription, writeWeights } from '../gpt2/checkpoint.js';
import { type Batch, BatchStream, evaluationBatches } from './batches.js';
import type { TrainingResult } from './contract.js';
import { DropoutFactors } from './dropout.js';
import type { FinetuneInput } from './input.js';
import { evaluationGraph, trainingGraph } from './loss-graph.js';
import { explainShortage } from './memory-shortage.js';
import { openTrainingMemory } from './open-memory.js';
import { epochsOf, planTraining, type TrainingPlan } from './plan.js';
import { loadResumeState, saveResumeState, type TrainingPosition } from './resume-state.js';
import { learningRateAt } from './schedule.js';
import { createTrainableModel, initializeModel, savedParameter, type TrainableModel } from './trainable.js';
import { TrainingLog } from './training-log.js';
import type { TrainingMemory } from './training-memory.js';

/** Weights, moments and position of the latest save. */
export const resumeStateFile = 'optimizer.safetensors';

/**
 * Trains until the steps are done or validation stops improving, and goes on from the checkpoint folder's saved state
 * where there is one: then the outcome is the same, to the byte, as that of a run that was never stopped.
 * @throws InterruptedError once the state is saved, when the context asks to stop; TitlesmithError on bad files.
 */
export async function finetune(input: FinetuneInput, context: WorkContext): Promise<TrainingResult> {
  const plan = planTraining(input.data, input.configuration, input.options);
  try {
    const run = await TrainingRun.start(input, plan, context);
    try {
      return await run.train();
    } finally {
      await run.dispose();
    }
  } catch (error) {
    throw explainShortage(error, input.options, plan);
  }
}

interface Programs {
  readonly training: Program;
  /** Adds a batch's gradients to those of the batches before it. */
  readonly accumulating: Program | undefined;
  readonly evaluation: Program;
}

class TrainingRun {
  private readonly lossOfBatch = new Float32Array(1);
  private readonly dropout: DropoutFactors | undefined;

  private constructor(
    private readonly input: FinetuneInput,
    private readonly plan: TrainingPlan,
    private readonly context: WorkContext,
    private readonly model: TrainableModel,
    private readonly memory: TrainingMemory,
    private readonly programs: Programs,
    private readonly batches: BatchStream,
    private readonly log: TrainingLog,
    private position: TrainingPosition,
  ) {
    const { configuration, options } = input;
    const shape = { rows: options.batchSize, rowLength: plan.rowLength };
    const { dropout: share, seed } = options;
    this.dropout = share > 0 ? new DropoutFactors(configuration, shape, { share, seed }) : undefined;
  }

  static async start(input: FinetuneInput, plan: TrainingPlan, context: WorkContext): Promise<TrainingRun> {
    const { engine, configuration, options, checkpointFolder, pretrained, tokenizer } = input;
    const model = createTrainableModel(configuration, options);
    const shape = { rows: options.batchSize, rowLength: plan.rowLength };
    const graphOptions = {
      trainable: model.state.parameters.specifications,
      recompute: options.recompute,
      dropout: options.dropout > 0,
    };
    const accumulates = options.accumulateGradients > 1;
    const programs = {
      training: await engine.compile(trainingGraph(configuration, shape, graphOptions)),
      accumulating: accumulates
        ? await engine.compile(trainingGraph(configuration, shape, { ...graphOptions, accumulate: true }))
        : undefined,
      evaluation: await engine.compile(evaluationGraph(configuration, shape, model.adapters)),
    };
    await initializeModel(model, options.seed, pretrained);
    const saved = await loadResumeState(join(checkpointFolder, resumeStateFile), model.state);
    if (!saved) await writeModelDescription(checkpointFolder, configuration, tokenizer);
    const memory = await openTrainingMemory(engine, model);
    const log = await TrainingLog.open(input, saved ?? beforeFirstStep);
    const { rowLength } = plan;
    const { endOfTextId } = tokenizer;
    const stream = new BatchStream(input.data.train, { ...options, rowLength, endOfTextId });
    const run = new TrainingRun(
      input,
      plan,
      context,
      model,
      memory,
      programs,
      stream,
      log,
      saved ?? beforeFirstStep,
    );
    if (saved) context.onProgress({ kind: 'note', message: `Resuming training at step ${saved.step}.` });
    else await run.evaluateBeforeTraining();
    return run;
  }

  private readonly valuesOf = (name: string): Float32Array => savedParameter(this.model, name);

  /** @param targetCount targets over which the loss is averaged. */
  private feeds(batch: Batch, targetCount: number): Record<string, Value> {
    const { inputIds, positionIds, targetIds, targetWeights, attentionMask } = batch;
    return {
      inputIds,
      positionIds,
      targetIds,
      attentionMask,
      targetWeights: targetWeights.map((weight) => weight / targetCount),
      ...this.memory.parameters(),
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
      await this.programs.evaluation.run(this.feeds(batch, batch.targetCount), { loss });
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
    if (improved) {
      const { checkpointFolder, configuration } = this.input;
      await this.memory.pull('parameters');
      await writeWeights(checkpointFolder, configuration, this.valuesOf);
    }
    this.position = {
      ...this.position,
      lastValidationLoss: loss,
      ...(improved ? { bestValidationLoss: loss, bestStep: step } : {}),
      evaluationsWithoutImprovement: improved ? 0 : this.position.evaluationsWithoutImprovement + 1,
    };
    return loss;
  }

  private async save(step: number): Promise<void> {
    this.position = { ...this.position, step, metricsLines: await this.log.flush() };
    await this.memory.pull('everything');
    await saveResumeState(
      join(this.input.checkpointFolder, resumeStateFile),
      this.model.state,
      this.position,
    );
    const summary = { ...this.position, options: this.input.options, plan: this.plan };
    const content = `${JSON.stringify(summary, null, 2)}\n`;
    await writeFileAtomic(join(this.input.checkpointFolder, 'training.json'), content);
  }

  /** One optimizer step. @returns loss of the batch, gradient norm and tokens trained on. */
  private async trainStep(step: number): Promise<{ loss: number; gradientNorm: number; tokens: number }> {
    const { options } = this.input;
    const parts = options.accumulateGradients;
    const batches = Array.from({ length: parts }, (_, part) => this.batches.batch(step * parts + part));
    const tokens = batches.reduce((sum, { targetCount }) => sum + targetCount, 0);
    const { training, accumulating } = this.programs;
    let loss = 0;
    for (const [part, batch] of batches.entries()) {
      const feeds = { ...this.feeds(batch, tokens), ...this.dropout?.draw(step * parts + part) };
      const { earlier, results } = this.memory.gradients(part > 0);
      const program = part === 0 ? training : accumulating!;
      await program.run({ ...feeds, ...earlier }, { loss: this.lossOfBatch, ...results });
      loss += this.lossOfBatch[0]!;
    }
    const gradientNorm = await this.memory.update({
      step: step + 1,
      learningRate: learningRateAt(step, { ...options, totalSteps: this.plan.steps }),
      weightDecay: options.weightDecay,
      clipNorm: options.clipNorm,
    });
    return { loss, gradientNorm, tokens };
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
      const { samples } = this.input;
      const takesSamples = samples !== undefined && (step % samples.every === 0 || step === steps);
      if (takesSamples) await this.memory.pull('parameters');
      const sampled = takesSamples ? { nearCopyShare: await samples.take(step, this.valuesOf) } : {};
      if (evaluates || takesSamples || step % options.printEvery === 0 || step === 1) {
        const epoch = epochsOf(step, this.plan);
        const learningRate = learningRateAt(step - 1, { ...options, totalSteps: steps });
        await this.log.append({
          step,
          epoch,
          loss,
          ...validation,
          ...sampled,
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
      epochs: epochsOf(step, this.plan),
      stopReason,
      initialValidationLoss,
      bestValidationLoss,
      bestStep,
      finalValidationLoss: lastValidationLoss,
      parameters: this.model.state.parameters.flat.length + this.model.frozen.flat.length,
      trainedParameters: this.model.state.parameters.flat.length,
      rowLength: this.plan.rowLength,
    };
  }

  async dispose(): Promise<void> {
    await this.log.close();
    await this.memory.dispose();
    await this.programs.training.dispose();
    await this.programs.accumulating?.dispose();
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
  metricsLines: 0,
};
