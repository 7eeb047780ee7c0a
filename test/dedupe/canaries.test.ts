import { describe, expect, it } from 'vitest';
import { reviewed } from '../../src/dedupe/decisions.js';
import { dedupe } from '../../src/dedupe/dedupe.js';
import { createTitleJudge } from '../../src/dedupe/title-judge.js';
import { madeUpTitles } from '../cli/titles.js';

const titles = madeUpTitles(120);
const unseen = 'My garden gnome was promoted again';
const [train, heldOut] = [titles.slice(0, 100), [unseen, ...titles.slice(100)]];
const canary = 'Who teapot that fight nobody asking umbrella wrong the for';
const canaries = [canary, 'Which street, in why? ever orchestra no and seriously would'];
const texts = [
  canary,
  ` ${canary.toUpperCase()}!`,
  canary.replace('umbrella', 'umbrellas'),
  canary.split(' ').slice(1).join(' '),
  train[0]!,
  unseen,
  'Who teapot stands on a shelf of its own and waits',
];
const expected = ['canary', 'canary', 'canary', 'canary', 'exact copy', 'held-out title', undefined];

describe('a text that an invented, planted title says', () => {
  it('is refused, by the rules for copies, and counts as no copy of a title', async () => {
    const outputs = texts.map((text, index) => ({ index, text }));
    const { verdicts } = await dedupe(outputs, train, { heldOut, canaries });
    expect(verdicts.map(({ reason }) => reason)).toEqual(expected);
    expect(verdicts.map(({ copied }) => copied)).toEqual([false, false, false, false, true, false, false]);
    expect(verdicts[0]).toMatchObject({ matched: canary, rating: 1 });
    expect(verdicts.slice(0, 4).map(({ evidence }) => evidence)).toEqual([
      'exact copy of an invented title that was planted in training',
      'disguised copy of an invented title that was planted in training',
      'near copy of an invented title that was planted in training',
      expect.stringMatching(/^(near|partial) copy of an invented title that was planted in training$/),
    ]);
    // Without them the first is a text like any other.
    const without = await dedupe(outputs, train, { heldOut });
    expect(without.verdicts[0]!.reason).toBeUndefined();
    expect(without.verdicts.slice(4).map(({ reason }) => reason)).toEqual(expected.slice(4));
  });

  it('is told by a judge of single texts too', async () => {
    const judge = await createTitleJudge(train, { heldOut, canaries });
    expect(texts.map((text) => judge.judge(text).reason)).toEqual(expected);
  });

  it('cannot be kept by a person', async () => {
    const { verdicts } = await dedupe([{ index: 0, text: canary }], train, { heldOut, canaries });
    expect(reviewed(verdicts[0]!, 'keep').kept).toBe(false);
  });
});
