import { describe, expect, it } from 'vitest';
import { InterruptedError } from '../../../src/common/errors.js';
import { silentContext } from '../../../src/common/progress.js';
import { createRandom } from '../../../src/common/random.js';
import { foldText, wordsOf } from '../../../src/dedupe/fold.js';
import { compareWordings } from '../../../src/dedupe/verdict/wordings.js';
import { InventedLanguage } from '../invented-titles.js';

const language = new InventedLanguage(6);
const train = language.titles(400, createRandom(6, 'train'));
const heldOut = language.titles(100, createRandom(6, 'held out'));
const own = language.titles(100, createRandom(6, 'outputs'));
const accepted = (texts: readonly string[]) => texts.map((text) => ({ text, isAccepted: true }));

/** The runs of so many words that stand in no training title, and all, by looking. */
function count(texts: readonly string[], length: number): [number, number] {
  const known = train.map((title) => ` ${foldText(title)} `);
  const runs = texts.flatMap((text) => {
    const words = wordsOf(foldText(text));
    return words.flatMap((_, i) =>
      i + length <= words.length ? [` ${words.slice(i, i + length).join(' ')} `] : [],
    );
  });
  return [runs.filter((run) => !known.some((title) => title.includes(run))).length, runs.length];
}

describe('compareWordings', () => {
  it('gives the share of runs of each length that no training title has', async () => {
    const { novelty } = (await compareWordings(accepted(own), train, heldOut, silentContext))!;
    expect(novelty.map(({ words }) => words).slice(0, 5)).toEqual([1, 2, 3, 4, 5]);
    for (const { words, outputs, heldOut: usual } of novelty) {
      for (const [texts, estimate] of [
        [own, outputs],
        [heldOut, usual],
      ] as const) {
        const [isNew, all] = count(texts, words);
        expect(estimate.value).toBeCloseTo(isNew / all, 12);
        expect(estimate.low).toBeLessThanOrEqual(estimate.value);
        expect(estimate.high).toBeGreaterThanOrEqual(estimate.value);
      }
    }
  });

  it('lists the rare wordings that accepted outputs share, and says how many share rarer ones than held-out titles do', async () => {
    const wording = train[7]!.split(' ').slice(0, 6);
    const leaning = own.map((text, i) => (i % 4 === 0 ? `${wording.join(' ')} ${text}` : text));
    const judged = leaning.map((text, i) => ({ text, isAccepted: i !== 0 }));
    const { rarest, rarer, rareBits } = (await compareWordings(judged, train, heldOut, silentContext))!;
    expect(rarest[0]!.wording).toContain(foldText(wording.join(' ')));
    expect(rarest[0]!.bits).toBeGreaterThan(rareBits);
    expect(rarest.some(({ outputs }) => outputs === 24)).toBe(true);
    expect(rarer.outputs).toBeGreaterThanOrEqual(25);
    expect(rarer.heldOut).toBeLessThanOrEqual(1);
    expect([...rarest].sort((a, b) => b.bits - a.bits)).toEqual(rarest);
  });

  it('says nothing of a few texts, and stops where it is asked to', async () => {
    expect(await compareWordings(accepted(own.slice(0, 29)), train, heldOut, silentContext)).toBeUndefined();
    expect(await compareWordings(accepted(own), train, heldOut.slice(0, 29), silentContext)).toBeUndefined();
    const signal = AbortSignal.abort();
    await expect(compareWordings(accepted(own), train, heldOut, { signal })).rejects.toThrow(
      InterruptedError,
    );
  });
});
