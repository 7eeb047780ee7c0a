import { describe, expect, it } from 'vitest';
import { silentContext } from '../../../src/common/progress.js';
import { createRandom } from '../../../src/common/random.js';
import { testMembership } from '../../../src/dedupe/verdict/membership.js';
import { InventedLanguage } from '../invented-titles.js';

const language = new InventedLanguage(5);
const train = language.titles(360, createRandom(5, 'train'));
const heldOut = language.titles(40, createRandom(5, 'held out'));
const outputs = language.titles(120, createRandom(5, 'outputs'));

describe('testMembership', () => {
  it('finds nothing where the outputs come from the same source', async () => {
    const tests = (await testMembership(outputs, train, heldOut, silentContext))!;
    expect(tests).toMatchObject({ outputs: 120, heldOut: 40, training: 360 });
    for (const { p } of [tests.closeness, tests.unauthentic, tests.runs]) expect(p).toBeGreaterThan(0.01);
  });

  it('finds outputs that keep half of a training title, by all three measures', async () => {
    const leaning = outputs.map((text, i) => {
      const words = train[(7 * i) % train.length]!.split(' ');
      return [...words.slice(0, Math.ceil(words.length * 0.7)), ...text.split(' ').slice(-2)].join(' ');
    });
    const tests = (await testMembership(leaning, train, heldOut, silentContext))!;
    expect(tests.closeness.all).toBeGreaterThan(tests.closeness.heldOut);
    expect(tests.closeness.p).toBeLessThan(0.002);
    expect(tests.runs.p).toBeLessThan(0.05);
  });

  it('finds nothing in outputs that only say what is said most', async () => {
    const usual = [...train, ...heldOut].map((title) => title.split(' ').slice(0, 2).join(' '));
    const common = outputs.map((_, i) => usual[(11 * i) % usual.length]!);
    const tests = (await testMembership(common, train, heldOut, silentContext))!;
    expect(tests.closeness.p).toBeGreaterThan(0.01);
  });

  it('says nothing of a few texts, and gives the same numbers again', async () => {
    expect(await testMembership(outputs.slice(0, 29), train, heldOut, silentContext)).toBeUndefined();
    expect(await testMembership(outputs, train, heldOut.slice(0, 29), silentContext)).toBeUndefined();
    const twice = [1, 2].map(() => testMembership(outputs, train, heldOut, silentContext));
    const [first, second] = await Promise.all(twice);
    expect(first).toEqual(second);
  });
});
