import { describe, expect, it } from 'vitest';
import type { RatedText, Verdict } from '../../src/common/judgement.js';
import { overfitStatistics } from '../../src/dedupe/verdict/statistics.js';
import { buildReport } from '../../src/report/build-report.js';
import type { ReportInput } from '../../src/report/report-figures.js';
import { exampleInput, inventTitles, verdict } from './example.js';

function input(
  verdicts: readonly Verdict[],
  { heldOut = [], metrics = [] }: { heldOut?: readonly RatedText[]; metrics?: ReportInput['metrics'] } = {},
): ReportInput {
  return {
    runName: 'small',
    subreddit: undefined,
    source: { description: 'titles.csv', synthetic: false },
    model: { name: 'nano' },
    seed: 3,
    options: { 'top-k': 40, overwrite: false },
    counts: {},
    metrics,
    judgement: {
      rules: { threshold: 0.8, thresholdChoice: 'given', thresholdReason: '', minimumRun: 6, runReason: '' },
      verdicts,
      heldOut,
    },
    overfit: overfitStatistics(verdicts, heldOut),
  };
}

describe('buildReport', () => {
  it('counts verdicts, the largest group first', () => {
    const verdicts = [
      verdict(0, { rating: 0.4 }),
      verdict(1, { rating: 0.9, reason: 'near copy' }),
      verdict(2, { rating: 1, reason: 'exact copy' }),
      verdict(3, { rating: 0.85, reason: 'near copy' }),
      verdict(4, { rating: 0.4, reason: 'repeat', text: 'text 0', repeats: 'text 0' }),
    ];
    const figures = buildReport(input(verdicts));
    expect(figures.verdicts).toEqual({
      accepted: 1,
      rejected: [
        { name: 'near copy', count: 2 },
        { name: 'exact copy', count: 1 },
        { name: 'repeat', count: 1 },
      ],
    });
    expect(figures.pairs.map((pair) => pair.index)).toEqual([2, 1, 3, 0, 4]);
    expect(figures.rejectedSamples.find(({ reason }) => reason === 'repeat')?.samples[0]?.matched).toBe(
      'text 0',
    );
    expect(figures.run.options).toEqual([
      { name: 'top-k', value: '40' },
      { name: 'overwrite', value: 'false' },
    ]);
  });

  it('puts each rating into its bin, 1 into the last', () => {
    const ratings = [0, 0.049, 0.05, 0.5, 0.999, 1];
    const figures = buildReport(
      input(
        ratings.map((closestRating, i) => verdict(i, { closestRating })),
        { heldOut: [{ text: 'a', closestRating: 0.51, matched: undefined, copied: false }] },
      ),
    );
    const filled = figures.distribution.filter((bin) => bin.outputs > 0);
    expect(filled.map((bin) => [bin.from, bin.outputs])).toEqual([
      [0, 2],
      [0.05, 1],
      [0.5, 1],
      [0.95, 2],
    ]);
    expect(figures.distribution[10]).toEqual({ from: 0.5, to: 0.55, outputs: 1, heldOut: 1 });
    expect(figures.distribution.reduce((sum, bin) => sum + bin.outputs, 0)).toBe(ratings.length);
  });

  it('holds all pairs of 10,000 titles of usual length, and says how many do not fit', () => {
    const usual = Array.from({ length: 10_000 }, (_, i) =>
      verdict(i, { rating: i / 10_000, reason: 'near copy', text: 'x'.repeat(80) }),
    );
    expect(buildReport(input(usual))).toMatchObject({ pairsLeftOut: 0 });
    const long = usual.map((pair) => ({
      ...pair,
      text: 'x'.repeat(3000),
      matched: `${pair.index}${'y'.repeat(3000)}`,
    }));
    const figures = buildReport(input(long));
    expect(figures.pairsLeftOut).toBeGreaterThan(5000);
    expect(figures.pairs.length + figures.pairsLeftOut).toBe(10_000);
    expect(figures.pairs[0]!.rating).toBe(0.9999);
  });

  it('groups what is copied and what is repeated', () => {
    const copy = (index: number, text: string) =>
      verdict(index, { rating: 0.9, reason: 'near copy', text, matched: 'the title' });
    const figures = buildReport(
      input([
        copy(0, 'the titles'),
        copy(1, 'The title'),
        copy(2, 'the titles'),
        verdict(3, { rating: 0.9, reason: 'near copy' }),
        verdict(4, { rating: 0.1, text: 'said' }),
        verdict(5, { rating: 0.1, reason: 'repeat', text: 'Said!', repeats: 'said' }),
      ]),
    );
    expect(figures.mostCopied).toEqual([
      { text: 'the title', count: 3, variants: ['the titles', 'The title'] },
    ]);
    expect(figures.repeats).toEqual([{ text: 'said', count: 2, variants: ['Said!'] }]);
    expect(figures.rejectedSamples[0]!.samples.map((sample) => sample.text)).toEqual([
      'the titles',
      'The title',
      'text 3',
    ]);
  });

  it('thins a long training curve by averaging, and leaves out what is no number', () => {
    const metrics = Array.from({ length: 6001 }, (_, step) => ({ step, loss: step % 2 === 0 ? 2 : 4 }));
    const { curve } = buildReport(
      input([], {
        metrics: [...metrics, { step: 6001, loss: Number.NaN }, { step: 6002, loss: 3, validationLoss: 5 }],
      }),
    );
    expect(curve.loss.length).toBeLessThanOrEqual(600);
    expect(curve.loss.length).toBeGreaterThan(500);
    for (const point of curve.loss) expect(point.loss).toBeCloseTo(3, 0);
    expect(curve.loss.at(-1)!.step).toBe(6002);
    expect(curve.validation).toEqual([{ step: 6002, loss: 5 }]);
  });

  it('cuts a long text between characters', () => {
    const figures = buildReport(input([verdict(0, { text: '😀'.repeat(4000) })]));
    expect(figures.pairs[0]!.text).toBe(`${'😀'.repeat(300)}…`);
  });

  it('takes the accepted sample from the whole run', () => {
    const verdicts = Array.from({ length: 600 }, (_, i) => verdict(i, {}));
    const { acceptedSample } = buildReport(input(verdicts));
    expect(acceptedSample).toHaveLength(60);
    expect([acceptedSample[0]!.index, acceptedSample[59]!.index]).toEqual([0, 590]);
  });

  it('keeps numbers only, so that figures survive JSON', async () => {
    const figures = buildReport(await exampleInput({ outputs: inventTitles(50, 'outputs') }));
    expect(JSON.parse(JSON.stringify(figures))).toEqual(figures);
  });
});
