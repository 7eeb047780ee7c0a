import { describe, expect, it } from 'vitest';
import type { TitleLosses } from '../../src/common/title-losses.js';
import { defaultOptions } from '../../src/options/option-values.js';
import { givenOptions, sampledCopies, tokensPerByte } from '../../src/run/reported-facts.js';

describe('sampledCopies', () => {
  it('counts the texts of a sample in its file where the metrics do not say how many there were', async () => {
    const inFile = new Map([[10, 4]]);
    const metrics = [
      { step: 5, loss: 3 },
      { step: 10, nearCopyShare: 0.25 },
      { step: 20, nearCopyShare: 0.5, samples: 8 },
      { step: 30, nearCopyShare: 0.5 },
    ];
    // Wilson's intervals, computed by hand: (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n), z = 1.96.
    expect(await sampledCopies(metrics, async (step) => inFile.get(step))).toEqual([
      { step: 10, texts: 4, share: 0.25, low: expect.closeTo(0.0456, 4), high: expect.closeTo(0.6994, 4) },
      { step: 20, texts: 8, share: 0.5, low: expect.closeTo(0.2152, 4), high: expect.closeTo(0.7848, 4) },
      { step: 30, texts: null, share: 0.5, low: null, high: null },
    ]);
  });
});

describe('givenOptions', () => {
  it('has what differs from the defaults and changes results, lists and switches included', () => {
    const options = {
      ...defaultOptions(),
      temperature: 0.7,
      nsamples: 50,
      subreddit: ['aww', 'jokes'],
      threads: 1,
    };
    expect(givenOptions(options)).toEqual([
      { name: 'subreddit', value: 'aww, jokes' },
      { name: 'nsamples', value: '50' },
      ...(defaultOptions().temperature === 0.7 ? [] : [{ name: 'temperature', value: '0.7' }]),
    ]);
    expect(givenOptions(defaultOptions())).toEqual([]);
  });
});

describe('tokensPerByte', () => {
  const losses = {
    heldOut: { tokens: [4, 6], bytes: [20, 20] },
    training: { tokens: [5], bytes: [40] },
  } as unknown as TitleLosses;

  it('is of all tokens and bytes, and unknown where losses count prompts', () => {
    expect(tokensPerByte(losses, defaultOptions())).toEqual({ heldOut: 0.25, training: 0.125 });
    expect(tokensPerByte(losses, { ...defaultOptions(), condition: ['subreddit'] })).toBeUndefined();
    expect(tokensPerByte(undefined, defaultOptions())).toBeUndefined();
  });
});
