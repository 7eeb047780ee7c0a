import { describe, expect, it } from 'vitest';
import type { Judgement } from '../../src/common/judgement.js';
import { dedupe } from '../../src/dedupe/dedupe.js';
import { formatJudgement, parseJudgement } from '../../src/dedupe/judgement-json.js';
import { overfitStatistics } from '../../src/dedupe/verdict/statistics.js';

const titles = [
  'Bakers, which bread do you never eat yourself?',
  'What is the strangest thing in a rented car?',
];
const texts = [
  'Gardeners, what grows best in the shade?',
  'bakers which bread do you never eat yourself',
  'Half a pair \ud83d',
  '"quoted",\n\u2028\u0000\ufffd',
  '',
  'Gardeners, what grows best in the shade?',
];

function format(judgement: Judgement): string {
  return [...formatJudgement(judgement)].join('');
}

describe('judgement.json', () => {
  it.each([0.8, 'auto'] as const)('reads back as it was written, threshold %s', async (threshold) => {
    const outputs = texts.map((text, index) => ({ index, text }));
    const heldOut = ['Which bread do bakers love?', '日本語'];
    const judgement = await dedupe(outputs, titles, { threshold, heldOut });
    const read = parseJudgement(format(judgement), 'judgement.json');
    expect(read).toEqual(judgement);
    expect(overfitStatistics(read.verdicts, read.heldOut)).toEqual(
      overfitStatistics(judgement.verdicts, judgement.heldOut),
    );
  });

  it('holds one text a line', async () => {
    const judgement = await dedupe(
      texts.map((text, index) => ({ index, text })),
      titles,
    );
    const lines = format(judgement).split('\n');
    for (const { index } of judgement.verdicts) {
      const holding = lines.filter((line) => line.includes(`"index":${index},`));
      expect(holding).toHaveLength(1);
      expect(JSON.parse(holding[0]!.replace(/,$/, ''))).toMatchObject({ index });
    }
  });

  it('of no outputs and no held-out titles reads back too', async () => {
    const judgement = await dedupe([], titles);
    expect(parseJudgement(format(judgement), 'judgement.json')).toEqual(judgement);
  });

  it.each([
    ['{"formatVersion": 1,', 'it is not JSON'],
    ['[]', 'it names no formatVersion'],
    ['{}', 'it names no formatVersion'],
    ['{"formatVersion": 1, "verdicts": []}', 'its contents do not have the expected form'],
  ])('refuses %s, naming the file', (text, reason) => {
    expect(() => parseJudgement(text, 'runs/a/judgement.json')).toThrow(
      `runs/a/judgement.json is damaged: ${reason}.`,
    );
  });

  it('refuses a verdict that could not have been given', async () => {
    const text = format(await dedupe([{ index: 0, text: texts[0]! }], titles));
    for (const [good, bad] of [
      [/"rating":[\d.]+/, '"rating":2'],
      [/"index":0/, '"index":"0"'],
      [/"copied":false/, '"copied":"no","reason":"ugly"'],
    ] as const)
      expect(() => parseJudgement(text.replace(good, bad), 'j')).toThrow('expected form');
  });

  it('refuses a newer format with what to do', async () => {
    const text = format(await dedupe([], titles)).replace('"formatVersion": 1', '"formatVersion": 2');
    expect(() => parseJudgement(text, 'judgement.json')).toThrow(
      expect.objectContaining({
        code: 'judgement-newer',
        hint: expect.stringContaining('Update titlesmith'),
      }),
    );
  });
});
