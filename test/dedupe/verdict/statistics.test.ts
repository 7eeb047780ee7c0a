import { describe, expect, it } from 'vitest';
import type { CopyReason, MembershipTests } from '../../../src/common/judgement.js';
import { createRandom } from '../../../src/common/random.js';
import { testNonInferiority } from '../../../src/dedupe/verdict/non-inferiority.js';
import { wilsonShare } from '../../../src/dedupe/verdict/proportions.js';
import { baseStatistics, overfitStatistics, type RatedCopy } from '../../../src/dedupe/verdict/statistics.js';
import { madeUpLosses } from './made-up-losses.js';

const many = (count: number, rating: number, copy: CopyReason = 'near copy') =>
  new Array<RatedCopy>(count).fill({
    closestRating: rating,
    copied: rating >= 0.8,
    copy: rating >= 0.8 ? copy : undefined,
  });
const nothing = { heldOut: 0.4, all: 0.41, deviation: 0.01, p: 0.3 };
const membership = (closeness: number): MembershipTests => ({
  outputs: 100,
  heldOut: 100,
  training: 900,
  closeness: { ...nothing, p: closeness },
  unauthentic: nothing,
  runs: nothing,
});

const learned = madeUpLosses({ trigram: 10, start: 5 });

describe('overfitStatistics', () => {
  it('gives the published interval of a difference', () => {
    // Table II of Newcombe, "Interval estimation for the difference between independent proportions",
    // 1998, method 10.
    const statistics = overfitStatistics([...many(56, 1), ...many(14, 0)], [...many(48, 1), ...many(32, 0)]);
    expect(statistics.excess.share).toBeCloseTo(0.2, 10);
    expect(statistics.excess.low).toBeCloseTo(0.0524, 4);
    expect(statistics.excess.high).toBeCloseTo(0.3339, 4);
  });

  it('summarises ratings', () => {
    const { outputs } = overfitStatistics(
      [0.1, 0.9, 0.3, 0.8, 0.2].map((rating) => ({ closestRating: rating, copied: rating >= 0.8 })),
      [],
    );
    expect(outputs).toMatchObject({ count: 5, median: 0.3, ninetiethPercentile: 0.9, highest: 0.9 });
    expect(outputs.mean).toBeCloseTo(0.46, 12);
    expect(outputs.copies).toMatchObject({ count: 2, share: 0.4 });
  });

  it.each([
    ['overfits', [...many(60, 0.95), ...many(40, 0.4)], many(100, 0.4)],
    ['leans', [...many(50, 0.95), ...many(950, 0.4)], [...many(20, 0.9), ...many(980, 0.4)]],
    ['healthy', many(200, 0.4), many(100, 0.4)],
    ['unknown', [...many(31, 0.95), ...many(169, 0.4)], [...many(11, 0.9), ...many(92, 0.4)]],
    // Of so few outputs copies may be beyond chance, and nothing else is concluded.
    ['overfits', many(10, 1), many(100, 0.4)],
    ['unknown', [...many(2, 1), ...many(8, 0.4)], many(100, 0.4)],
    ['unknown', many(20, 0.4), [...many(60, 0.9), ...many(40, 0.4)]],
    ['unknown', many(100, 1), []],
  ])('calls it %s', (verdict, outputs, heldOut) => {
    expect(overfitStatistics(outputs, heldOut, { losses: learned }).verdict).toBe(verdict);
  });

  it('is not called copying by chance more often from few texts than from many', () => {
    const random = createRandom(1, 'few texts');
    const drawn = (count: number, share: number): RatedCopy[] =>
      Array.from({ length: count }, () => many(1, random.uniform() < share ? 0.9 : 0.4)[0]!);
    let [runs, alarms] = [0, 0];
    for (const outputs of [1, 3, 5, 10, 20, 29])
      for (const heldOut of [1, 5, 20, 96])
        for (const share of [0.01, 0.05, 0.2, 0.5, 0.8])
          for (let run = 0; run < 20; run++) {
            const { verdict } = overfitStatistics(drawn(outputs, share), drawn(heldOut, share));
            runs += 1;
            if (verdict === 'overfits' || verdict === 'leans') alarms += 1;
          }
    // 1% is what is allowed.
    expect(alarms / runs).toBeLessThan(0.01);
  });

  it('does not lose exact copies among copies that real titles have too', () => {
    const usual = [...many(50, 0.9), ...many(450, 0.4)];
    const outputs = [...many(24, 1, 'exact copy'), ...many(76, 0.9), ...many(900, 0.4)];
    const { measures, verdict, excess } = overfitStatistics(outputs, usual);
    expect(excess.low).toBeLessThan(0);
    expect(measures[0]).toMatchObject({
      name: 'exact copies',
      isSignificant: true,
      observed: 0.024,
      usual: 0,
    });
    expect(verdict).toBe('leans');
    // Where titles of the source say what others say, as many are no sign of anything.
    const repeatedTitles = { count: 120, total: 5000 };
    expect(overfitStatistics(outputs, usual, { repeatedTitles }).measures[0]!.isSignificant).toBe(false);
  });

  it('leans on what no copy shows, and corrects for the number of measures', () => {
    const texts: [RatedCopy[], RatedCopy[]] = [many(200, 0.4), many(100, 0.4)];
    const losses = learned;
    expect(overfitStatistics(...texts, { membership: membership(0.001), losses }).verdict).toBe('leans');
    const { verdict, measures } = overfitStatistics(...texts, { membership: membership(0.005), losses });
    expect(verdict).toBe('healthy');
    // Holm: the smallest of six is multiplied by six.
    expect(measures.find(({ name }) => name === 'closeness')!.adjustedP).toBeCloseTo(0.03, 12);
    expect(measures).toHaveLength(6);
  });

  it('calls no model healthy whose outputs are broken', () => {
    const broken = new Array<RatedCopy>(40).fill({
      closestRating: 0.1,
      copied: false,
      reason: 'broken text',
    });
    expect(overfitStatistics([...broken, ...many(160, 0.3)], many(100, 0.4)).verdict).toBe('underfits');
  });
});

describe('overfitStatistics with losses', () => {
  const texts: [RatedCopy[], RatedCopy[]] = [many(200, 0.4), many(100, 0.4)];
  const verdictOf = (gain: { trigram: number; start: number }) =>
    overfitStatistics(...texts, { losses: madeUpLosses(gain) }).verdict;

  it('calls no model healthy that no better foretells titles than a baseline', () => {
    expect(verdictOf({ trigram: 10, start: 5 })).toBe('healthy');
    expect(verdictOf({ trigram: -10, start: 5 })).toBe('underfits');
    expect(verdictOf({ trigram: 10, start: -3 })).toBe('underfits');
    // The model is kept as it came.
    expect(verdictOf({ trigram: 10, start: 0 })).toBe('underfits');
    // Neither better nor worse beyond chance.
    expect(verdictOf({ trigram: 10, start: 0.01 })).toBe('unknown');
  });

  it('calls one that predicts no better than a baseline so, however few its outputs are, but not by few titles', () => {
    const losses = madeUpLosses({ trigram: -10, start: 5 });
    const few = <Scored extends { model: readonly number[] }>(scored: Scored): Scored =>
      Object.fromEntries(
        Object.entries(scored).map(([name, value]) => [
          name,
          Array.isArray(value) ? value.slice(0, 20) : value,
        ]),
      ) as Scored;
    const [outputs, heldOut] = [many(5, 0.4), many(100, 0.4)];
    expect(overfitStatistics(outputs, heldOut, { losses }).verdict).toBe('underfits');
    const ofFew = { ...losses, heldOut: few(losses.heldOut), training: few(losses.training) };
    expect(overfitStatistics(outputs, heldOut, { losses: ofFew }).verdict).toBe('unknown');
    // Nor does an area under the curve of so few count, whose test is an approximation.
    const known = madeUpLosses({ trigram: 10, start: 5, known: 60 });
    const knownOfFew = { ...known, heldOut: few(known.heldOut), training: few(known.training) };
    const { measures } = overfitStatistics(...texts, { losses: knownOfFew });
    expect(measures.map(({ name }) => name)).toEqual(['exact copies', 'copies']);
  });

  it('calls no model healthy of which it is not known whether it has learned anything', () => {
    expect(overfitStatistics(...texts).verdict).toBe('unknown');
  });

  it('leans where titles it was shown can be told from others nine times in ten, and not below', () => {
    const measureOf = (known: number) => {
      const { verdict, measures } = overfitStatistics(...texts, {
        losses: madeUpLosses({ trigram: 10, start: 5, known }),
      });
      return { verdict, ...measures.find(({ name }) => name === 'told apart')! };
    };
    expect(measureOf(0)).toMatchObject({ verdict: 'healthy', isSignificant: false, usual: 0.9 });
    expect(measureOf(2)).toMatchObject({ verdict: 'healthy', isSignificant: false });
    expect(measureOf(5)).toMatchObject({ verdict: 'healthy', isSignificant: false });
    // All of them: by the largest variance that 0.9 can have with 80 titles, 2.98 deviations above it.
    const all = measureOf(60);
    expect(all).toMatchObject({ verdict: 'leans', observed: 1 });
    expect(all.p).toBeCloseTo(0.00143, 5);
  });

  it('tells one that has learned too long from one that has learned too little', () => {
    const verdictAt = (known: number) =>
      overfitStatistics(...texts, { losses: madeUpLosses({ trigram: -10, start: -3, known }) }).verdict;
    expect(verdictAt(0)).toBe('underfits');
    expect(verdictAt(60)).toBe('leans');
  });

  it('gives the ratio of sums, its interval, and how well titles are told apart', () => {
    const losses = madeUpLosses({ trigram: 10, start: 5, known: 10 });
    const { bits, gains, gap, toldApart } = overfitStatistics(...texts, { losses }).losses!;
    expect(gains.trigram.value).toBeCloseTo(bits.trigram - bits.model, 3);
    expect(gains.start.low).toBeGreaterThan(0);
    expect(gap.value).toBeCloseTo(bits.model - bits.training, 3);
    expect(toldApart!.low).toBeGreaterThan(0.5);
  });

  it('does not let a baseline excuse copies', () => {
    const recited = [...many(60, 0.95, 'exact copy'), ...many(140, 0.4)];
    const losses = madeUpLosses({ trigram: -10, start: 5 });
    expect(overfitStatistics(recited, many(100, 0.4), { losses }).verdict).toBe('overfits');
  });
});

describe('testNonInferiority', () => {
  it('holds where the upper bound is below the margin, and says with how many outputs it would', () => {
    expect(testNonInferiority({ count: 0, total: 200 }, { count: 0, total: 100 })).toMatchObject({
      holds: true,
    });
    const { holds, outputsNeeded } = testNonInferiority({ count: 1, total: 60 }, { count: 20, total: 1000 });
    expect(holds).toBe(false);
    const share = 1 / 60;
    const at = (total: number) =>
      testNonInferiority({ count: share * total, total }, { count: 20, total: 1000 });
    expect(at(outputsNeeded!).holds).toBe(true);
    expect(at(outputsNeeded! - 1).holds).toBe(false);
  });

  it('asks for held-out titles where these are too few for any number of outputs', () => {
    const found = testNonInferiority({ count: 9, total: 200 }, { count: 2, total: 60 });
    expect(found).toMatchObject({ holds: false, heldOutNeeded: expect.any(Number) });
    expect(found.outputsNeeded).toBeUndefined();
  });

  it('asks for nothing where the outputs have more copies by the margin already', () => {
    const found = testNonInferiority({ count: 20, total: 200 }, { count: 2, total: 100 });
    expect(found).toMatchObject({ holds: false });
    expect(found.outputsNeeded ?? found.heldOutNeeded).toBeUndefined();
  });
});

describe('baseStatistics', () => {
  const given = (count: number, inBase: boolean | undefined) => new Array(count).fill({ inBase });

  it('compares the shares as overfitStatistics does', () => {
    const statistics = baseStatistics(
      [...given(56, true), ...given(14, false)],
      [...given(48, true), ...given(32, false)],
    )!;
    expect(statistics.outputs).toEqual({ total: 70, ...wilsonShare(56, 70) });
    expect(statistics.heldOut).toEqual({ total: 80, ...wilsonShare(48, 80) });
    expect(statistics.excess.low).toBeCloseTo(0.0524, 4);
    expect(statistics.excess.high).toBeCloseTo(0.3339, 4);
  });

  it('has nothing to say of texts that were not asked for', () => {
    expect(baseStatistics(given(9, undefined), given(9, undefined))).toBeUndefined();
    expect(baseStatistics([], [])).toBeUndefined();
  });
});
