import { describe, expect, it } from 'vitest';
import type { FinetuneCounts } from '../../src/common/stage-counts.js';
import { trainingCurveChart } from '../../src/report/charts/training-curve.js';
import { findBestCheckpoint, trainingCurve } from '../../src/report/curve.js';

const usual = { count: 1, share: 0.01, low: 0, high: 0.03 };

function best(
  points: readonly (readonly [step: number, loss: number | undefined, copies: number | undefined])[],
) {
  const metrics = points.map(([step, validationLoss, nearCopyShare]) => ({
    step,
    ...(validationLoss === undefined ? {} : { validationLoss }),
    ...(nearCopyShare === undefined ? {} : { nearCopyShare }),
  }));
  return findBestCheckpoint(trainingCurve({ metrics }), usual);
}

describe('the curve', () => {
  const metrics = [
    { step: 10, loss: 4, validationLoss: 5, nearCopyShare: 0.25 },
    { step: 20, loss: 3, validationLoss: 4 },
  ];
  const finetune = { initialValidationLoss: 8 } as FinetuneCounts;

  it('begins with the held-out loss before training', () => {
    const { validation } = trainingCurve({ metrics, counts: { finetune } });
    expect(validation).toEqual([
      { step: 0, loss: 8 },
      { step: 10, loss: 5 },
      { step: 20, loss: 4 },
    ]);
    expect(trainingCurve({ metrics: [], counts: { finetune } }).validation).toEqual([]);
  });

  it('has no interval where it is not known how many texts a sample had', () => {
    const unknown = { step: 10, share: 0.25, texts: null, low: null, high: null };
    expect(trainingCurve({ metrics }).copies).toEqual([unknown]);
    const known = { step: 10, share: 0.25, texts: 32, low: 0.1, high: 0.4 };
    expect(trainingCurve({ metrics, sampled: [known] }).copies).toEqual([known]);
  });

  it('does not take the loss before training for that of a sample', () => {
    const early = [{ step: 5, nearCopyShare: 0 }, ...metrics];
    const curve = trainingCurve({ metrics: early, counts: { finetune } });
    expect(findBestCheckpoint(curve, { ...usual, high: 1 })).toEqual({ step: 10, loss: 5, copyShare: 0.25 });
  });
});

describe('the chart of a curve', () => {
  it('has no mark between two steps, however short the training was', () => {
    const { loss, validation } = trainingCurve({
      metrics: [1, 2].map((step) => ({ step, loss: 5 - step, validationLoss: 5 })),
    });
    const curve = { loss, validation, copies: [], tokensPerByte: null };
    const [wide] = trainingCurveChart(curve, undefined).map(({ markup }) => markup);
    const marks = [...wide!.matchAll(/text-anchor="middle">([^<]*)</g)].map(([, shown]) => shown);
    expect(marks).toEqual(['1', '2']);
  });
});

describe('the best checkpoint', () => {
  it('has the lowest held-out loss among those that copy no more than held-out titles do', () => {
    const points = [
      [10, 5, 0],
      [20, 4, 0.03],
      [30, 3, 0.5],
      [40, 3.5, 0.03],
    ] as const;
    expect(best(points)).toEqual({ step: 40, loss: 3.5, copyShare: 0.03 });
  });

  it('copies least where all copy more', () => {
    expect(
      best([
        [10, 5, 0.2],
        [20, 4, 0.1],
        [30, 3, 0.5],
      ]),
    ).toEqual({ step: 20, loss: 4, copyShare: 0.1 });
  });

  it('takes the last held-out loss up to the sample', () => {
    expect(
      best([
        [10, 5, undefined],
        [15, undefined, 0],
        [20, 4, undefined],
      ]),
    ).toEqual({
      step: 15,
      loss: 5,
      copyShare: 0,
    });
  });

  it('is unknown without samples, or without held-out losses', () => {
    expect(best([[10, 5, undefined]])).toBeNull();
    expect(best([[10, undefined, 0]])).toBeNull();
  });
});
