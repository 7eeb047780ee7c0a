import { join } from 'node:path';
import { InterruptedError } from '../../common/errors.js';
import { formatLoss } from '../../common/number-formats.js';
import type { WorkContext } from '../../common/progress.js';
import { writeFileAtomic } from '../../io/atomic-file.js';
import type { Value } from '../engine/engine.js';
import { writeModelDescription, writeWeights } from '../weights/checkpoint.js';
import { type Batch, BatchStream, evaluationBatches } from './batches.js';
import { DropoutFactors } from './dropout.js';
import { finiteOnly, notFinite } from './finite.js';
import type { FinetuneInput } from './input.js';
import { lossScaleName } from './loss-graph.js';
import { afterStep, initialLossScaling } from './loss-scale.js';
import { explainShortage } from './memory-shortage.js';
import { openTrainingMemory } from './open-memory.js';
import { epochsOf, planTraining, type TrainingPlan } from './plan.js';
import { compilePrograms, disposePrograms, type TrainingPrograms } from './programs.js';
import { loadResumeState, saveResumeState, type TrainingPosition } from './resume-state.js';
import { learningRateAt } from './schedule.js';
import { createTrainableModel, initializeModel, savedParameter, type TrainableModel } from './trainable.js';
import { TrainingLog } from './training-log.js';
import type { TrainingMemory } from './training-memory.js';
import type { MetricsLine, TrainingResult } from './training-options.js';

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

class TrainingRun {
  private readonly lossOfBatch = new Float32Array(1);
  private readonly dropout: DropoutFactors | undefined;

  private constructor(
    private readonly input: FinetuneInput,
    private readonly plan: TrainingPlan,
    private readonly context: WorkContext,
    private readonly model: TrainableModel,
    private readonly memory: TrainingMemory,
    private readonly programs: TrainingPrograms,
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
    const programs = await compilePrograms(engine, model, { configuration, shape, options });
    await initializeModel(model, options.seed, pretrained);
    const saved = await loadResumeState(join(checkpointFolder, resumeStateFile), model.state);
    if (!saved) await writeModelDescription(checkpointFolder, configuration, tokenizer);
    const memory = await openTrainingMemory(engine, model);
    const position = saved ?? {
      ...beforeFirstStep,
      ...(options.mixedPrecision === 'float16' ? { lossScaling: initialLossScaling } : {}),
    };
    const log = await TrainingLog.open(input, position);
    const { rowLength } = plan;
    const { endOfTextId } = tokenizer;
    const stream = new BatchStream(input.data.train, { ...options, rowLength, endOfTextId });
    const run = new TrainingRun(input, plan, context, model, memory, programs, stream, log, position);
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
    const mean = sum / tokens;
    if (!Number.isFinite(mean)) throw notFinite('The held-out loss', options);
    return mean;
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

  /** One optimizer step. @returns loss of the batch, gradient norm (not finite: skipped) and tokens trained on. */
  private async trainStep(step: number): Promise<{ loss: number; gradientNorm: number; tokens: number }> {
    const { options } = this.input;
    const parts = options.accumulateGradients;
    const batches = Array.from({ length: parts }, (_, part) => this.batches.batch(step * parts + part));
    const tokens = batches.reduce((sum, { targetCount }) => sum + targetCount, 0);
    const { training, accumulating } = this.programs;
    const { lossScaling } = this.position;
    const scale = lossScaling && { [lossScaleName]: Float32Array.of(lossScaling.scale) };
    let loss = 0;
    for (const [part, batch] of batches.entries()) {
      const feeds = { ...this.feeds(batch, tokens), ...scale, ...this.dropout?.draw(step * parts + part) };
      const { earlier, results } = this.memory.gradients(part > 0);
      const program = part === 0 ? training : accumulating!;
      await program.run({ ...feeds, ...earlier }, { loss: this.lossOfBatch, ...results });
      loss += this.lossOfBatch[0]!;
    }
    const gradientNorm = await this.memory.update({
      step: step + 1 - (lossScaling?.skippedSteps ?? 0),
      learningRate: learningRateAt(step, { ...options, totalSteps: this.plan.steps }),
      weightDecay: options.weightDecay,
      clipNorm: options.clipNorm,
      lossScale: lossScaling?.scale ?? 1,
    });
    this.adaptLossScale(step + 1, Number.isFinite(gradientNorm));
    return { loss, gradientNorm, tokens };
  }

  /** @throws TitlesmithError where gradients are not finite and a smaller scale would not help. */
  private adaptLossScale(step: number, gradientsAreFinite: boolean): void {
    const { lossScaling } = this.position;
    const next = lossScaling && afterStep(lossScaling, gradientsAreFinite);
    if (!gradientsAreFinite) {
      if (!next || next.scale < 1) throw notFinite(`The gradient of step ${step}`, this.input.options);
      const message = `Step ${step} skipped: its gradients overflow float16. Loss scale ${next.scale} from here on.`;
      this.context.onProgress({ kind: 'note', message });
    }
    if (next) this.position = { ...this.position, lossScaling: next };
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
          ...finiteOnly({ loss }),
          ...validation,
          ...sampled,
          learningRate,
          ...finiteOnly({ gradientNorm }),
          tokensPerSecond,
          ...this.lossScaleFigures(),
        });
        [tokens, since] = [0, performance.now()];
      }
      this.report(step, loss, tokensPerSecond);
      const { patience } = options;
      const isStuck = patience !== undefined && this.position.evaluationsWithoutImprovement >= patience;
      if (evaluates && isStuck) stopReason = 'patience';
      const ends = stopReason === 'patience' || step === steps;
      const stops = this.context.signal.aborted;
      if (ends || stops || step % options.saveEvery === 0) await this.save(step);
      if (ends) break;
      if (stops)
        throw new InterruptedError(`Interrupted at step ${step} of ${steps}; the checkpoint is saved.`);
    }
    return this.result(stopReason);
  }

  private lossScaleFigures(): Pick<MetricsLine, 'lossScale' | 'skippedSteps'> {
    const { lossScaling } = this.position;
    return lossScaling ? { lossScale: lossScaling.scale, skippedSteps: lossScaling.skippedSteps } : {};
  }

  private report(step: number, loss: number, tokensPerSecond: number): void {
    const { lastValidationLoss } = this.position;
    const detail = `loss ${formatLoss(loss)} | validation ${formatLoss(lastValidationLoss)} | ${tokensPerSecond} tokens/s`;
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
    const { step, initialValidationLoss, bestValidationLoss, bestStep, lastValidationLoss, lossScaling } =
      this.position;
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
      ...(lossScaling ? { skippedSteps: lossScaling.skippedSteps } : {}),
    };
  }

  async dispose(): Promise<void> {
    await this.log.close();
    await this.memory.dispose();
    await disposePrograms(this.programs);
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
