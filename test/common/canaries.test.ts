import { describe, expect, it, test } from 'vitest';
import { type Canaries, formatCanaries, parseCanaries, plantedTexts } from '../../src/common/canaries.js';

const scored = { tokens: 9, model: 40.12345, hardest: 9.5, unigram: 60, trigram: 58.5 };
const canaries: Canaries = {
  step: 300,
  passes: 14.25,
  seed: 7,
  planted: [
    { text: 'A lamp, "if" the?', repeats: 1, ...scored, start: 55.00001 },
    { text: 'Why of 🐈', repeats: 8, prompt: 'r/cats\t', ...scored },
  ],
  references: [{ text: 'The of why', ...scored }],
  before: ['Who lamp'],
};
const path = 'runs/a/canaries.json';
const written = formatCanaries(canaries);

describe('canaries.json', () => {
  it('reads back as it was written, to 4 decimals', () => {
    const read = parseCanaries(written, path);
    const [first, second] = canaries.planted;
    const model = 40.1235;
    const planted = [
      { ...first, model, start: 55 },
      { ...second, model },
    ];
    expect(read).toEqual({ ...canaries, planted, references: [{ ...canaries.references[0], model }] });
    expect(formatCanaries(read)).toBe(written);
  });

  it('holds a text a line', () => {
    expect(written.split('\n')).toContain(
      '{"text":"The of why","tokens":9,"model":40.1235,"hardest":9.5,"unigram":60,"trigram":58.5}',
    );
  });

  const change = (from: string, to: string): string => {
    expect(written).toContain(from);
    return written.replace(from, to);
  };
  test.each([
    ['no JSON', written.slice(0, 50), 'is damaged: it is not JSON.'],
    ['no version', change('"formatVersion": 1', '"version": 1'), 'is damaged: it names no formatVersion.'],
    [
      'a newer one',
      change('"formatVersion": 1', '"formatVersion": 2'),
      'has format 2; this titlesmith reads 1.',
    ],
    ['no repeats', change('"repeats":8', '"repeats":0'), 'do not have the expected form.'],
    ['a loss that is none', change('"trigram":58.5', '"trigram":-1'), 'do not have the expected form.'],
    ['a text that is none', change('"Who lamp"', '3'), 'do not have the expected form.'],
  ])('with %s is refused in one line', (_, text, message) => {
    expect(() => parseCanaries(text, path)).toThrow(
      `${path} ${message.startsWith('do') ? 'is damaged: its contents ' : ''}${message}`,
    );
  });
});

test('what must not be accepted is what was planted, now and before, and no reference', () => {
  expect(plantedTexts(canaries)).toEqual(['Who lamp', 'A lamp, "if" the?', 'Why of 🐈']);
  const again = { planted: canaries.planted, before: ['Why of 🐈'] };
  expect(plantedTexts(again)).toEqual(['Why of 🐈', 'A lamp, "if" the?']);
});
