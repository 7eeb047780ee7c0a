import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../src/common/random.js';
import { packageRoot } from '../../src/io/package-root.js';
import { fixArticles, forms } from './inflection.js';

/** Alternatives of each symbol, as written. */
export type Grammar = ReadonlyMap<string, readonly string[]>;

const symbolLine = /^(\w+):$/;

/**
 * Reads rules: `name:` alone on a line starts a symbol, each further line holds alternatives separated by
 * ` | `. Within an alternative `{name}` stands for a symbol, `{name.form}` for an inflected one (see `forms`),
 * `<…>` for a part that is there half of the time. A line that begins with `# ` is a comment.
 * @throws Error where a symbol is defined twice, or an alternative stands before the first symbol.
 */
export function parseGrammar(...texts: string[]): Grammar {
  const grammar = new Map<string, string[]>();
  for (const text of texts) {
    let alternatives: string[] | undefined;
    for (const line of text.split('\n').map((part) => part.trim())) {
      const name = symbolLine.exec(line)?.[1];
      if (name !== undefined) {
        if (grammar.has(name)) throw new Error(`The symbol ${name} is defined twice`);
        alternatives = [];
        grammar.set(name, alternatives);
      } else if (line !== '' && !line.startsWith('# ')) {
        if (!alternatives) throw new Error(`A rule stands before the first symbol: ${line}`);
        alternatives.push(...line.split(' | '));
      }
    }
  }
  return grammar;
}

function readText(name: string): string {
  return readFileSync(join(packageRoot, 'tools/sample/grammars', `${name}.txt`), 'utf8');
}

/** The grammar of one subreddit's titles, from grammars/, with the vocabulary that all of them share. */
export function readGrammar(subreddit: string): Grammar {
  return parseGrammar(readText('vocabulary'), readText(subreddit));
}

const redraws = 20;

/** Symbols that stand twice in a text get different alternatives, unless there are hardly any. */
function pick(alternatives: readonly string[], used: Set<string>, random: Random): string {
  let choice = alternatives[random.integer(alternatives.length)]!;
  for (let redraw = 0; redraw < redraws && used.has(choice); redraw++) {
    choice = alternatives[random.integer(alternatives.length)]!;
  }
  used.add(choice);
  return choice;
}

function expandReference(grammar: Grammar, reference: string, used: Set<string>, random: Random): string {
  const [name, ...wanted] = reference.split('.');
  const alternatives = grammar.get(name!);
  if (!alternatives) throw new Error(`The grammar has no symbol {${reference}}`);
  const phrase = expandText(grammar, pick(alternatives, used, random), used, random);
  return wanted.reduce((result, form) => {
    const change = forms[form];
    if (!change) throw new Error(`There is no form .${form} in {${reference}}`);
    return change(result);
  }, phrase);
}

function expandText(grammar: Grammar, text: string, used: Set<string>, random: Random): string {
  return text
    .replace(/<([^<>]*)>/g, (_, part: string) => (random.uniform() < 0.5 ? part : ''))
    .replace(/\{([^{}]+)\}/g, (_, reference: string) => expandReference(grammar, reference, used, random));
}

/**
 * One random text of a symbol: articles put right, a capital at the start of each sentence.
 * @throws Error where a rule names a symbol or a form that does not exist.
 */
export function expand(grammar: Grammar, symbol: string, random: Random): string {
  const text = fixArticles(expandReference(grammar, symbol, new Set(), random));
  return text.replace(
    /(^(?:\[\w+\] )?|[.?!] )([a-z])/g,
    (_, before: string, letter: string) => before + letter.toUpperCase(),
  );
}
