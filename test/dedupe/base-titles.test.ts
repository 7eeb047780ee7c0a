import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Judgement } from '../../src/common/judgement.js';
import { type BaseTitles, decodeBaseTitles } from '../../src/dedupe/base-titles.js';
import { type DedupeOptions, dedupe } from '../../src/dedupe/dedupe.js';
import { encodeFingerprints } from '../../src/dedupe/fingerprint-set.js';
import { formatJudgement, parseJudgement } from '../../src/dedupe/judgement-json.js';
import { titleFingerprint } from '../../src/dedupe/title-fingerprint.js';
import { createTitleJudge } from '../../src/dedupe/title-judge.js';
import { baseStatistics, overfitStatistics } from '../../src/dedupe/verdict/statistics.js';
import { readBaseFingerprints } from '../../src/io/base-fingerprints.js';
import { temporaryFolder } from '../model/transformer/fixtures.js';

const known = [
  'Look at this little hedgehog',
  'Bakers, which bread do you never eat yourself?',
  'Which bread do bakers love?',
  'Straße im Regen',
];
const train = [known[1]!, 'What is the strangest thing in a rented car?'];
const heldOut = [known[2]!, 'Who taught you how to whistle?'];
const texts = [
  'look at this, LITTLE hedgehog!!',
  known[1]!,
  known[2]!,
  'Gardeners, what grows best in the shade?',
  'straße im regen',
  'look at this little hedgehog',
  '?!',
  ' ',
];
const outputs = texts.map((text, index) => ({ index, text }));

function setOf(titles: readonly string[]): BaseTitles {
  return decodeBaseTitles(encodeFingerprints(BigUint64Array.from(titles, titleFingerprint), 14));
}

function judged(options: DedupeOptions = {}): Promise<Judgement> {
  return dedupe(outputs, train, { heldOut, ...options });
}

const reasons = ({ verdicts }: Judgement) => verdicts.map(({ reason }) => reason);
const baseTitles = setOf(known);

describe('base copies', () => {
  it('are told last of the reasons that a text has by itself', async () => {
    const judgement = await judged({ baseTitles });
    expect(reasons(judgement)).toEqual([
      'base copy',
      'exact copy',
      'held-out title',
      undefined,
      'base copy',
      'base copy',
      undefined,
      'blank',
    ]);
    expect(judgement.verdicts.map(({ inBase }) => inBase)).toEqual([
      true,
      true,
      true,
      false,
      true,
      true,
      false,
      false,
    ]);
    expect(judgement.heldOut.map(({ inBase }) => inBase)).toEqual([true, false]);
    expect(judgement.verdicts[0]!.evidence).toBe('stands in the titles that the base model was trained on');
    expect(judgement.rules).toMatchObject({
      baseCopies: 'refused',
      baseReason: expect.stringContaining('the 4 different titles'),
    });
    expect(parseJudgement([...formatJudgement(judgement)].join(''), 'j')).toEqual(judgement);
  });

  it('change nothing else: neither the other reasons nor the overfit statistics', async () => {
    const [without, refused, kept] = await Promise.all([
      judged(),
      judged({ baseTitles }),
      judged({ baseTitles, keepBaseCopies: true }),
    ]);
    expect(reasons(kept)).toEqual(reasons(without));
    expect(reasons(without)).toContain('repeat');
    expect(kept.rules.baseCopies).toBe('kept');
    expect(kept.verdicts.map(({ inBase }) => inBase)).toEqual(refused.verdicts.map(({ inBase }) => inBase));
    const statistics = ({ verdicts, heldOut: rated }: Judgement) => overfitStatistics(verdicts, rated);
    expect(statistics(refused)).toEqual(statistics(without));
    expect(baseStatistics(refused.verdicts, refused.heldOut)).toMatchObject({
      outputs: { count: 5, total: 8 },
      heldOut: { count: 1, total: 2 },
    });
    expect([...formatJudgement(without)].join('')).not.toContain('ase');
  });

  it('are the same for a judge of single texts', async () => {
    const { rules } = await judged();
    for (const options of [{ heldOut }, { heldOut, rules }]) {
      const judge = await createTitleJudge(train, { ...options, baseTitles });
      expect(judge.rules.baseCopies).toBe('refused');
      expect(judge.judge(texts[0]!)).toMatchObject({ reason: 'base copy', copied: false, inBase: true });
      const keeps = await createTitleJudge(train, { ...options, baseTitles, keepBaseCopies: true });
      expect(keeps.judge(texts[0]!)).toMatchObject({ reason: undefined, inBase: true });
    }
  });

  it('are asked of a set, not of something else', async () => {
    await expect(judged({ baseTitles: ['a title'] as never })).rejects.toThrow(/baseTitles/);
  });
});

describe('the fingerprints that ship', () => {
  it('are of the two million titles, and answer with few false positives', async () => {
    const shipped = decodeBaseTitles(await readBaseFingerprints());
    expect(shipped.size).toBe(2_088_667);
    expect(shipped.falsePositiveRate).toBeLessThan(1e-4);
    expect(shipped.has('Good morning!')).toBe(true);
    expect(shipped.has('')).toBe(false);
    expect(shipped.has('😀 …')).toBe(false);
    let found = 0;
    for (let index = 0; index < 50_000; index++) found += Number(shipped.has(`no title ${index} of these`));
    // Expected: 3. More than 15 are less likely than one in a million.
    expect(found).toBeLessThan(15);
  });

  it('are refused where they were changed or are missing', async () => {
    const bytes = Uint8Array.from(await readBaseFingerprints());
    bytes[1_000_000]! ^= 1;
    const path = join(temporaryFolder(), 'fingerprints.bin');
    writeFileSync(path, bytes);
    await expect(readBaseFingerprints(path)).rejects.toThrow(
      `${path} is not the file that titlesmith ships.`,
    );
    await expect(readBaseFingerprints(`${path}.other`)).rejects.toThrow(
      /^Cannot read .*fingerprints\.bin\.other/,
    );
  });
});
