import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import { expand, type Grammar, parseGrammar, readGrammar } from '../../../tools/sample/grammar.js';
import { forms } from '../../../tools/sample/inflection.js';

function expandAll(grammar: Grammar, symbol: string, count: number): Set<string> {
  const random = createRandom(1, 'grammar test');
  return new Set(Array.from({ length: count }, () => expand(grammar, symbol, random)));
}

describe('a small grammar', () => {
  const grammar = parseGrammar(
    `
# What is seen.
title:
  see a {animal} {act.ing}<, again>. really?
act:
  eat | {act_far}
act_far:
  run`,
    `
animal:
  owl | fox`,
  );

  test('gives exactly its language', () => {
    const expected = ['an owl', 'a fox'].flatMap((animal) =>
      ['eating', 'running'].flatMap((act) =>
        ['', ', again'].map((more) => `See ${animal} ${act}${more}. Really?`),
      ),
    );
    expect([...expandAll(grammar, 'title', 300)].sort()).toEqual(expected.sort());
  });

  test('depends on the seed alone', () => {
    const draw = (seed: number) => {
      const random = createRandom(seed);
      return Array.from({ length: 10 }, () => expand(grammar, 'title', random));
    };
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
  });

  test('does not repeat itself within a text', () => {
    const versus = parseGrammar(`
title:
  {animal} or {animal}
animal:
  owl | fox | bee`);
    for (const text of expandAll(versus, 'title', 200)) {
      const [left, right] = text.toLowerCase().split(' or ');
      expect(left).not.toBe(right);
    }
  });
});

describe('faults', () => {
  const random = createRandom(1);

  test('a rule before the first symbol', () => {
    expect(() => parseGrammar('owl | fox')).toThrow('before the first symbol');
  });

  test('a symbol defined twice', () => {
    expect(() => parseGrammar('a:\nx', 'a:\ny')).toThrow('defined twice');
  });

  test('an unknown symbol and an unknown form', () => {
    expect(() => expand(parseGrammar('a:\n{b}'), 'a', random)).toThrow('no symbol {b}');
    expect(() => expand(parseGrammar('a:\n{b.up}\nb:\nx'), 'a', random)).toThrow('no form .up');
  });
});

describe.each([
  ['AskReddit', 60],
  ['Showerthoughts', 60],
  ['todayilearned', 40],
  ['LifeProTips', 40],
])('the rules of %s', (subreddit, templates) => {
  const grammar = readGrammar(subreddit);

  test('refer only to symbols and forms that exist', () => {
    for (const alternatives of grammar.values()) {
      for (const alternative of alternatives) {
        expect(alternative).not.toBe('');
        const references = [...alternative.matchAll(/\{([^{}]*)\}/g)].map(([, reference]) => reference!);
        expect(alternative.replaceAll(/\{[^{}]*\}/g, '')).not.toMatch(/[{}|]/);
        for (const [name, ...wanted] of references.map((reference) => reference.split('.'))) {
          expect(grammar.has(name!), `{${name}} in ${alternative}`).toBe(true);
          for (const form of wanted) expect(forms, alternative).toHaveProperty(form);
        }
      }
    }
  });

  test('hold many templates, and leave nothing unexpanded', () => {
    expect(new Set(grammar.get('title')).size).toBeGreaterThanOrEqual(templates);
    for (const title of expandAll(grammar, 'title', 2000)) {
      expect(title).toMatch(/^[\p{Lu}[$]/u);
      expect(title).not.toMatch(/[{}<>|]| {2}| $|undefined|\ba a\b|\bthe the\b/);
    }
  });
});
