import { expect } from 'vitest';
import type { TrainedParameters } from '../../../src/model/training/trainable-model.js';
import { HostTrainingState } from '../../../src/model/training/training-state.js';
import { createParameterStore } from '../../../src/model/transformer/parameters.js';
import { testEngine } from '../test-engine.js';
import type { TrainingOracle } from '../transformer/oracle.js';

/** After ten steps the differences have gone through ten divisions by √v: a hundred times more room than one loss has. */
const trainedTolerance = 1e-3;

/** Takes the AdamW steps that PyTorch took, and compares the loss and the norm of the gradients at each. */
export async function expectStepsOf(
  oracle: TrainingOracle,
  state: TrainedParameters,
  lossAndGradients: (state: TrainedParameters) => Promise<number>,
): Promise<void> {
  const frozen = createParameterStore([]);
  const optimizer = await HostTrainingState.open(testEngine, { trained: state, frozen, adapters: [] });
  for (const [index, expected] of oracle.steps.entries()) {
    const loss = await lossAndGradients(state);
    const gradientNorm = await optimizer.update({ step: index + 1, ...oracle.options });
    const step = `step ${index + 1}`;
    expect(Math.abs(loss - expected.loss), `loss of ${step}`).toBeLessThan(trainedTolerance);
    expect(Math.abs(gradientNorm / expected.gradientNorm - 1), `norm of ${step}`).toBeLessThan(
      trainedTolerance,
    );
  }
  await optimizer.dispose();
}
