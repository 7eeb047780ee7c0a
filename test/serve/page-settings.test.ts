import { describe, expect, test } from 'vitest';
import { addGeneration, type Generation, parseGenerations } from '../../src/serve/page/generations.js';
import {
  readSettings,
  type SettingRules,
  withSeed,
  writeSettings,
} from '../../src/serve/page/page-settings.js';

const rules: SettingRules = {
  prompt: { kind: 'text', longest: 500 },
  n: { kind: 'number', minimum: 1, maximum: 50, step: 1 },
  temperature: { kind: 'number', minimum: 0, maximum: 2, step: 0.05 },
  subreddit: { kind: 'choice', values: ['', 'askreddit'] },
};

describe('settings in an address', () => {
  test('come back as they were', () => {
    const settings = new Map([
      ['prompt', ' Was ist & so # 100% + "größer"?\n\u202e<b>'],
      ['n', '50'],
      ['temperature', '0.35'],
      ['subreddit', 'askreddit'],
    ]);
    const address = writeSettings(settings);
    expect(address).toMatch(/^#[\w%+=&.*-]+$/);
    expect(readSettings(address, rules)).toEqual({ settings, faults: [] });
    expect([...new URLSearchParams(withSeed('#seed=1&n=2', 7).slice(1))]).toEqual([
      ['seed', '7'],
      ['n', '2'],
    ]);
  });

  test.each([
    ['n=0', 'n must be a number from 1 to 50 in steps of 1; it is “0”.'],
    ['n=1e1', 'n must be a number'],
    ['n=-3', 'n must be a number'],
    ['n=0x10', 'n must be a number'],
    ['n= 5', 'n must be a number'],
    ['n=2.5', 'n must be a number'],
    ['n=NaN', 'n must be a number'],
    ['n=٣', 'n must be a number'],
    ['temperature=0.51', 'temperature must be a number from 0 to 2 in steps of 0.05; it is “0.51”.'],
    ['n=1&n=2', 'n stands in it twice.'],
    ['subreddit=aww', 'subreddit must be one of those to choose from; it is “aww”.'],
    ['__proto__=1', '“__proto__” is no setting here.'],
    ['constructor=1', '“constructor” is no setting here.'],
    ['key=secret', '“key” is no setting here.'],
    [
      `prompt=${'a'.repeat(501)}`,
      `prompt must be a text of at most 500 characters; it is “${'a'.repeat(40)}…”.`,
    ],
    ['n=%00%0a', 'it is “␀␊”.'],
    ['a'.repeat(9000), 'Its settings have 9,001 characters'],
  ])('%.40s is refused in a clear line, and what else is there is taken', (given, said) => {
    const { settings, faults } = readSettings(`#${given}&`.slice(0, 9001), rules);
    expect(settings.size).toBe(0);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(said);
    if (given.length < 8000 && !given.includes('prompt'))
      expect(readSettings(`#${given}&prompt=x`, rules).settings).toEqual(new Map([['prompt', 'x']]));
  });

  test('many faults are said in few words', () => {
    const { faults } = readSettings(`#${Array.from({ length: 90 }, (_, i) => `a${i}=1`).join('&')}`, rules);
    expect(faults).toHaveLength(4);
    expect(faults[3]).toBe('And 87 more faults.');
  });
});

describe('earlier generations', () => {
  const of = (text: string): Generation => ({
    at: '2026-11-28T18:00:00.000Z',
    model: 'm',
    settings: '#n=1',
    texts: [{ text, refused: '' }],
  });

  test('are kept newest first, and bounded in number and in size', () => {
    let kept: readonly Generation[] = [];
    for (let i = 0; i < 40; i++) kept = addGeneration(of(`text ${i}`), kept);
    expect(kept.map(({ texts }) => texts[0]!.text).slice(0, 2)).toEqual(['text 39', 'text 38']);
    expect(kept).toHaveLength(30);
    for (let i = 0; i < 5; i++) kept = addGeneration(of('x'.repeat(200_000)), kept);
    expect(JSON.stringify(kept).length).toBeLessThanOrEqual(500_000);
    expect(parseGenerations(JSON.stringify(kept))).toEqual(kept);
    // One that is too long alone is kept until the next.
    expect(addGeneration(of('x'.repeat(600_000)), kept)).toHaveLength(1);
  });

  test('leave out what is not of the form', () => {
    const good = of('good');
    const bad: unknown[] = [
      null,
      7,
      [],
      {},
      { ...good, at: '<b>' },
      { ...good, at: '9999-99-99T00:00Z' },
      { ...good, texts: [] },
      { ...good, texts: [{ text: 1, refused: '' }] },
      { ...good, texts: [null] },
      { ...good, model: {} },
    ];
    expect(parseGenerations(JSON.stringify([...bad, good, ...bad]))).toEqual([good]);
    for (const kept of [null, '', 'x', '{}', '7', 'null', `"${'x'.repeat(2_000_000)}"`])
      expect(parseGenerations(kept)).toEqual([]);
  });
});
