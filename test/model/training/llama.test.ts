import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NumericArray, Program } from '../../../src/model/engine/engine.js';
import {
  evaluationGraph,
  gradientName,
  type TrainingGraphOptions,
  trainingGraph,
} from '../../../src/model/training/loss-graph.js';
import type { TrainedParameters } from '../../../src/model/training/trainable-model.js';
import { createParameterStore } from '../../../src/model/transformer/parameters.js';
import { storedValues } from '../../../src/model/weights/stored-tensors.js';
import { testEngine as engine } from '../test-engine.js';
import { forwardGraph, forwardLogits } from '../transformer/forward-logits.js';
import { type LlamaOracle, llamaFeeds, llamaNames, readLlamaOracle } from '../transformer/llama-oracle.js';
import { relativeError } from '../transformer/oracle.js';
import { expectStepsOf } from './oracle-steps.js';

/** Two float32 implementations that add in different orders, 2 layers deep: some tens of roundings of 6e-8. */
const tolerance = 1e-5;

describe.each(llamaNames)('Llama, %s heads, against PyTorch and Hugging Face', (name) => {
  let oracle: LlamaOracle;
  let program: Program;
  beforeAll(async () => {
    oracle = await readLlamaOracle(name);
    program = await compile();
  });
  afterAll(() => program.dispose());

  const compile = (options: TrainingGraphOptions = {}): Promise<Program> =>
    engine.compile(trainingGraph(oracle.configuration, oracle.batch, options));

  async function freshState(): Promise<TrainedParameters> {
    const parameters = await oracle.parameters();
    const zeros = () => createParameterStore(parameters.specifications);
    return { parameters, gradients: zeros(), firstMoments: zeros(), secondMoments: zeros() };
  }

  async function lossAndGradients(state: TrainedParameters, run = program): Promise<number> {
    const loss = new Float32Array(1);
    const results: Record<string, NumericArray> = { loss };
    for (const [parameter, view] of state.gradients.views) results[gradientName(parameter)] = view;
    await run.run({ ...llamaFeeds(oracle), ...Object.fromEntries(state.parameters.views) }, results);
    return loss[0]!;
  }

  it('gives the same logits on packed rows, and over the whole context', async () => {
    const { configuration, batch, logits, text } = oracle;
    const forward = await engine.compile(forwardGraph(configuration, batch.rows, batch.rowLength));
    const result = new Float32Array(logits.logits.length);
    const { inputIds, positionIds, attentionMask } = llamaFeeds(oracle) as Record<string, NumericArray>;
    const parameters = await oracle.parameters();
    await forward.run(
      {
        ...Object.fromEntries(parameters.views),
        inputIds: inputIds!,
        positionIds: positionIds!,
        attentionMask: attentionMask!,
      },
      { logits: result },
    );
    await forward.dispose();
    expect(relativeError(result, logits.logits)).toBeLessThan(tolerance);
    expect(
      relativeError(await forwardLogits(configuration, parameters, text), logits.longLogits),
    ).toBeLessThan(tolerance);
  });

  it('gives the same logits with positions scaled linearly', async () => {
    const { configuration, linear, text, logits } = oracle;
    const { factor, base } = linear;
    const rotary = { base, scaling: { kind: 'linear', factor } } as const;
    const scaled = { ...configuration, llama: { ...configuration.llama!, rotary } };
    const own = await forwardLogits(scaled, await oracle.parameters(), text);
    expect(relativeError(own, logits.linearLogits)).toBeLessThan(tolerance);
    expect(relativeError(own, logits.longLogits)).toBeGreaterThan(0.01);
  });

  it('gives the same loss, training and evaluating', async () => {
    const state = await freshState();
    expect(Math.abs((await lossAndGradients(state)) - oracle.loss)).toBeLessThan(tolerance);
    const evaluation = await engine.compile(evaluationGraph(oracle.configuration, oracle.batch));
    const loss = new Float32Array(1);
    await evaluation.run({ ...llamaFeeds(oracle), ...Object.fromEntries(state.parameters.views) }, { loss });
    await evaluation.dispose();
    expect(Math.abs(loss[0]! - oracle.loss)).toBeLessThan(tolerance);
  });

  it('gives the same gradient of every tensor, recomputed too', async () => {
    const [state, again] = [await freshState(), await freshState()];
    await lossAndGradients(state);
    const recomputing = await compile({ recompute: true });
    await lossAndGradients(again, recomputing);
    await recomputing.dispose();
    expect([...oracle.gradients.keys()].toSorted()).toEqual([...state.gradients.views.keys()].toSorted());
    for (const { gradients } of [state, again]) {
      for (const [parameter, parts] of oracle.gradients) {
        const all = parts.map(({ tensor }) => tensor);
        for (const { tensor, gradient } of parts) {
          const own = storedValues(tensor, all, gradients.views.get(parameter)!);
          expect(relativeError(own, gradient), tensor.name).toBeLessThan(tolerance);
        }
      }
    }
  });

  it('takes the same ten AdamW steps, clipped and decayed', async () => {
    await expectStepsOf(oracle, await freshState(), (state) => lossAndGradients(state));
  });
});
