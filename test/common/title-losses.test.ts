import { describe, expect, it, test } from 'vitest';
import {
  bitsPerByte,
  formatTitleLosses,
  parseTitleLosses,
  type TitleLosses,
} from '../../src/common/title-losses.js';

const losses: TitleLosses = {
  step: 300,
  start: 'pretrained',
  vocabularySize: 4000,
  seed: 7,
  baselineTitles: 40,
  heldOut: {
    of: 3,
    titles: [0, 2],
    tokens: [4, 6],
    bytes: [20, 30],
    model: [10.00004, 24.65734],
    start: [20, 49.31471],
    unigram: [30, 39.31472],
    trigram: [15.5, 19.15736],
  },
  training: {
    of: 40,
    titles: [3, 39],
    tokens: [5, 7],
    bytes: [10, 40],
    model: [5, 12.32868],
    start: [11.5, 30],
    unigram: [12, 25.25],
  },
};
const path = 'runs/a/title-losses.json';
const written = formatTitleLosses(losses);

describe('title-losses.json', () => {
  it('reads back as it was written, to 4 decimals', () => {
    const model = [10, 24.6573];
    const read = parseTitleLosses(written, path);
    const { start, trigram } = { start: [20, 49.3147], trigram: [15.5, 19.1574] };
    const heldOut = { ...losses.heldOut, model, start, unigram: [30, 39.3147], trigram };
    const training = { ...losses.training, model: [5, 12.3287] };
    expect(read).toEqual({ ...losses, heldOut, training });
    expect(formatTitleLosses(read)).toBe(written);
    expect(JSON.parse(written).formatVersion).toBe(2);
  });

  it('reads a file of format 1, in which training titles have fewer losses', () => {
    const { start: _, unigram: __, ...fewer } = losses.training;
    const earlier = { ...JSON.parse(written), formatVersion: 1, training: fewer };
    expect(parseTitleLosses(JSON.stringify(earlier), path).training).toEqual(fewer);
    const newer = { ...earlier, formatVersion: 2 };
    expect(() => parseTitleLosses(JSON.stringify(newer), path)).toThrow(`${path} is damaged`);
  });

  it('holds a list a line', () => {
    expect(written.split('\n')).toContain('    "unigram": [30,39.3147],');
  });

  const value = JSON.parse(written) as Record<'heldOut' | 'training', object>;
  const { heldOut, training } = value;
  const ofOtherForm: readonly (readonly [string, object])[] = [
    ['without training titles', { ...value, training: undefined }],
    ['with a list too short', { ...value, heldOut: { ...heldOut, trigram: [1] } }],
    ['with a loss that is no number', { ...value, heldOut: { ...heldOut, model: [1, null] } }],
    ['with a loss below 0', { ...value, training: { ...training, model: [1, -1] } }],
    ['with a title that is not there', { ...value, heldOut: { ...heldOut, titles: [0, 3] } }],
    ['with a title twice', { ...value, heldOut: { ...heldOut, titles: [1, 1] } }],
    ['of no titles', { ...value, training: { ...training, titles: [] } }],
    ['with another start', { ...value, start: 'random' }],
    ['of a format alone', { formatVersion: 1 }],
  ];
  it.each(ofOtherForm)('%s is refused, naming the file', (_, content) => {
    expect(() => parseTitleLosses(JSON.stringify(content), path)).toThrow(
      `${path} is damaged: its contents do not have the expected form.`,
    );
  });

  it.each([
    [written.slice(0, 100), `${path} is damaged: it is not JSON.`],
    ['[]', `${path} is damaged: it names no formatVersion.`],
    ['{"formatVersion": 3}', `${path} has format 3; this titlesmith reads 1 to 2.`],
  ])('%j is refused, naming the file', (text, message) => {
    expect(() => parseTitleLosses(text, path)).toThrow(message);
  });
});

test('bits a byte are those of all titles together, of the end tokens too', () => {
  // 50 ln 2 = 34.65736 nats over 50 bytes are 1 bit a byte.
  expect(bitsPerByte(losses)).toEqual({ model: 1, start: 2, unigram: 2, trigram: 1, training: 0.5 });
});
