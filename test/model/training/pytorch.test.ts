import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NumericArray, Program } from '../../../src/model/engine/engine.js';
import { evaluationGraph, gradientName, trainingGraph } from '../../../src/model/training/loss-graph.js';
import type { TrainedParameters } from '../../../src/model/training/trainable-model.js';
import { createParameterStore, parameterSpecifications } from '../../../src/model/transformer/parameters.js';
import { testEngine as engine } from '../test-engine.js';
import { forwardGraph } from '../transformer/forward-logits.js';
import { oracle, oracleFeeds, oracleParameters, relativeError } from '../transformer/oracle.js';
import { expectStepsOf } from './oracle-steps.js';

/** Two float32 implementations that add in different orders, 2 layers deep: some tens of roundings of 6e-8. */
const tolerance = 1e-5;

const { rows, rowLength } = oracle.batch;
let program: Program;

beforeAll(async () => {
  program = await engine.compile(trainingGraph(oracle.configuration, { rows, rowLength }));
});
afterAll(() => program.dispose());

async function lossAndGradients(state: TrainedParameters): Promise<number> {
  const loss = new Float32Array(1);
  const results: Record<string, NumericArray> = { loss };
  for (const [name, view] of state.gradients.views) results[gradientName(name)] = view;
  await program.run({ ...oracleFeeds(), ...Object.fromEntries(state.parameters.views) }, results);
  return loss[0]!;
}

function freshState(): TrainedParameters {
  const zeros = () => createParameterStore(parameterSpecifications(oracle.configuration));
  return {
    parameters: oracleParameters(),
    gradients: zeros(),
    firstMoments: zeros(),
    secondMoments: zeros(),
  };
}

describe('GPT-2 against PyTorch and Hugging Face on packed rows', () => {
  it('gives the same logits', async () => {
    const logits = await engine.compile(forwardGraph(oracle.configuration, rows, rowLength));
    const result = new Float32Array(oracle.logits.length);
    const { inputIds, positionIds, attentionMask } = oracleFeeds();
    const weights = Object.fromEntries(oracleParameters().views);
    await logits.run(
      { ...weights, inputIds: inputIds!, positionIds: positionIds!, attentionMask: attentionMask! },
      { logits: result },
    );
    await logits.dispose();
    expect(relativeError(result, oracle.logits)).toBeLessThan(tolerance);
  });

  it('gives the same loss, training and evaluating', async () => {
    const state = freshState();
    expect(Math.abs((await lossAndGradients(state)) - oracle.loss)).toBeLessThan(tolerance);
    const evaluation = await engine.compile(evaluationGraph(oracle.configuration, { rows, rowLength }));
    const loss = new Float32Array(1);
    await evaluation.run({ ...oracleFeeds(), ...Object.fromEntries(state.parameters.views) }, { loss });
    await evaluation.dispose();
    expect(Math.abs(loss[0]! - oracle.loss)).toBeLessThan(tolerance);
  });

  it('gives the same gradient of every parameter', async () => {
    const state = freshState();
    await lossAndGradients(state);
    const names = Object.keys(oracle.gradients);
    expect(names.toSorted()).toEqual([...state.gradients.views.keys()].toSorted());
    for (const name of names) {
      const error = relativeError(state.gradients.views.get(name)!, oracle.gradients[name]!);
      // The key part of an attention bias has gradient 0 exactly; rounding noise is judged with the rest of the tensor.
      expect(error, name).toBeLessThan(tolerance);
    }
  });

  it('takes the same ten AdamW steps, clipped and decayed', async () => {
    await expectStepsOf(oracle, freshState(), (state) => lossAndGradients(state));
  });

  it('gives the same bytes when run again', async () => {
    const [first, second] = [freshState(), freshState()];
    await lossAndGradients(first);
    await lossAndGradients(second);
    expect(Buffer.from(first.gradients.flat.buffer).equals(Buffer.from(second.gradients.flat.buffer))).toBe(
      true,
    );
  });
});
