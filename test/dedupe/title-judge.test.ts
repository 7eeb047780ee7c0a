import { expect, test } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { dedupe } from '../../src/dedupe/dedupe.js';
import { createTitleJudge } from '../../src/dedupe/title-judge.js';
import { InventedLanguage } from './invented-titles.js';

test('judges a text as dedupe does, one at a time', async () => {
  const titles = new InventedLanguage(3).titles(600, createRandom(3, 'titles'));
  const [train, heldOut] = [titles.slice(0, 450), titles.slice(450)];
  const outputs = [
    ...train.slice(0, 20),
    ...train.slice(20, 40).map((title) => `${title.toUpperCase()}!`),
    ...train.slice(40, 60).map((title) => title.replace(/ \w+ /, ' nothing ')),
    ...heldOut.slice(0, 10),
    'Wholly unlike them all',
    '  ',
    'broken \ufffd text',
    `${train[70]} ${train[71]}`,
  ].map((text, index) => ({ index, text }));
  for (const threshold of [0.8, 'auto'] as const) {
    const judge = await createTitleJudge(train, { threshold, heldOut });
    const { rules, verdicts } = await dedupe(outputs, train, { threshold, heldOut });
    expect(judge.rules).toEqual(rules);
    const later = await createTitleJudge(train, { rules, heldOut });
    for (const { index, repeats, ...found } of verdicts) {
      if (repeats !== undefined) continue;
      expect(judge.judge(outputs[index]!.text)).toEqual(found);
      expect(later.judge(outputs[index]!.text)).toEqual(found);
      expect(judge.refuse(outputs[index]!.text)).toEqual({ copied: found.copied, reason: found.reason });
    }
    const copies = verdicts.filter(({ copied }) => copied).length;
    expect(judge.copyShare(outputs.map(({ text }) => text))).toBe(copies / outputs.length);
    expect(judge.copyShare([])).toBe(0);
    const reasons = new Set(verdicts.map(({ reason }) => reason));
    expect(reasons.size).toBeGreaterThan(4);
  }
});
