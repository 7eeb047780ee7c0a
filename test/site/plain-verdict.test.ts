import { describe, expect, it } from 'vitest';
import { buildReport } from '../../src/report/build-report.js';
import { plainVerdict } from '../../src/site/worker/plain-verdict.js';
import { exampleInput, inventTitles } from '../report/example.js';

describe('the verdict in plain words', () => {
  const train = inventTitles(120, 'train');
  const heldOut = inventTitles(9, 'held out');
  /** Texts that no rule takes for copies. */
  const own = Array.from(
    { length: 20 },
    (_, index) => `${'qwrtz'.repeat(1 + (index % 3))} ${index * 7919} kept apart`,
  );

  it.each([
    ['unknown', 0, /^A fair comparison needs .* It copied none of your titles\.$/],
    ['unknown', 3, /^3 that copied one of your titles were refused\. A fair comparison needs /],
    [
      'overfits',
      20,
      /^All 20 that it wrote copy your titles, so that none is new: let it learn for fewer steps/,
    ],
  ])('says first what was copied by few texts, called %s: %d of 20', async (verdict, copies, said) => {
    const outputs = [...train.slice(0, copies), ...own.slice(0, 20 - copies)];
    const figures = buildReport(await exampleInput({ outputs, train, heldOut, trained: false }));
    expect(figures.overfit.verdict).toBe(verdict);
    expect(figures.overfit.outputs.copies.count).toBe(copies);
    expect(plainVerdict(figures)).toMatch(said);
  });
});
