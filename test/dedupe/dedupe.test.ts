import { compareTwoStrings } from 'string-similarity';
import { describe, expect, it } from 'vitest';
import type { ProgressEvent } from '../../src/common/progress.js';
import { compareTexts, createTitleIndex } from '../../src/dedupe/comparison.js';
import { countVerdicts, dedupe } from '../../src/dedupe/dedupe.js';

const titles = [
  'What is the strangest thing you have found in a rented car?',
  'Bakers, which bread do you never eat yourself?',
  'aab aba',
];

function outputs(...texts: string[]) {
  return texts.map((text, index) => ({ index: index + 100, text }));
}

describe('dedupe', () => {
  it('names the first reason that holds', async () => {
    const { verdicts } = await dedupe(
      outputs(
        'Gardeners, what grows best in the shade?',
        ' Bakers, which bread do you  never eat yourself? ',
        'Bakers, which bread do you never eat yourselves?',
        'Gardeners, what grows  best in the shade?',
        ' \u200b\t',
        'Two lines\nare no title',
        'Half a character \ufffd',
        'Half a pair \ud83d',
        'aba aab',
        'GARDENERS, WHAT GROWS BEST IN THE SHADE?',
      ),
      titles,
    );
    expect(verdicts.map((verdict) => verdict.reason)).toEqual([
      undefined,
      'exact copy',
      'near copy',
      'repeat',
      'blank',
      'broken text',
      'broken text',
      'broken text',
      'near copy',
      'repeat',
    ]);
    expect(verdicts.map((verdict) => verdict.index)).toEqual([
      100, 101, 102, 103, 104, 105, 106, 107, 108, 109,
    ]);
    expect(verdicts[1]).toMatchObject({
      text: 'Bakers, which bread do you  never eat yourself?',
      rating: 1,
      matched: titles[1],
    });
    expect(verdicts[2]!.rating).toBe(compareTwoStrings(verdicts[2]!.text, titles[1]!));
    expect(verdicts[3]!.repeats).toBe('Gardeners, what grows best in the shade?');
    expect(countVerdicts(verdicts)).toEqual({
      accepted: 1,
      rejected: 9,
      rejectedByReason: { blank: 1, 'broken text': 3, 'exact copy': 1, 'near copy': 2, repeat: 2 },
    });
  });

  it('refuses at the threshold, not only above it', async () => {
    const text = 'Bakers, which bread do you never eat yourselves?';
    const rating = compareTwoStrings(text, titles[1]!);
    const at = await dedupe(outputs(text), titles, { threshold: rating });
    const above = await dedupe(outputs(text), titles, { threshold: rating + 1e-9 });
    expect(at.verdicts[0]).toMatchObject({ reason: 'near copy', rating, matched: titles[1] });
    expect(above.verdicts[0]!.reason).not.toBe('near copy');
  });

  it('names the copied title, though another with the same bigrams stands before it', async () => {
    const {
      verdicts: [verdict],
    } = await dedupe(outputs('aba aab'), ['aab aba', 'aba aab']);
    expect(verdict).toMatchObject({ reason: 'exact copy', matched: 'aba aab' });
  });

  it('names no title where nothing is shared', async () => {
    const {
      verdicts: [verdict],
    } = await dedupe(outputs('日本語'), titles);
    expect(verdict).toMatchObject({ rating: 0, matched: undefined, reason: undefined });
  });

  it.each([0, -0.1, 1.01, Number.NaN])('refuses the threshold %s', async (threshold) => {
    await expect(dedupe([], titles, { threshold })).rejects.toThrow('The similarity threshold is');
  });

  it('refuses to judge without titles', async () => {
    await expect(dedupe(outputs('a title'), [])).rejects.toThrow('There are no titles to compare with.');
  });
});

describe('compareTexts', () => {
  it('reports progress and stops when asked', async () => {
    const index = createTitleIndex(titles);
    const texts = Array.from({ length: 300 }, (_, i) => `a title of number ${i}`);
    const events: ProgressEvent[] = [];
    await compareTexts(texts, index, 'Rating', {
      onProgress: (event) => events.push(event),
      signal: { aborted: false },
    });
    expect(events.at(-1)).toEqual({
      kind: 'progress',
      label: 'Rating',
      done: 300,
      total: 300,
      unit: 'titles',
    });
    expect(events.length).toBeGreaterThan(2);

    let asked = 0;
    const stopping = {
      onProgress: () => {},
      signal: {
        get aborted() {
          return ++asked > 2;
        },
      },
    };
    await expect(compareTexts(texts, index, 'Rating', stopping)).rejects.toMatchObject({
      code: 'interrupted',
    });
    expect(asked).toBe(3);
  });
});
