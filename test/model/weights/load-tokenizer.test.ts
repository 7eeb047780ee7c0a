import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gpt2Tokenizer } from '../../../src/model/tokenizer/gpt2.js';
import { restrictedTokenizer } from '../../../src/model/tokenizer/restricted.js';
import type { Tokenizer } from '../../../src/model/tokenizer/tokenizer.js';
import { loadTokenizer } from '../../../src/model/weights/load-tokenizer.js';

const titles = [
  'What small habit changed your life?',
  'Why do cats purr? 🐈',
  '#hash "quoted" \\ back',
  "Don't 0 1 10",
];

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'titlesmith-tokenizer-'));
});
afterEach(async () => rm(folder, { recursive: true }));

/** Writes a tokenizer's files. @param changed other contents; with any, tokenizer.json, which goes first, is left out. */
async function save(tokenizer: Tokenizer, changed: Readonly<Record<string, string>> = {}): Promise<void> {
  for (const [name, content] of tokenizer.files()) {
    if (name === 'tokenizer.json' && Object.keys(changed).length > 0) continue;
    await writeFile(join(folder, name), changed[name] ?? content);
  }
}

describe('loadTokenizer', () => {
  it('reads a restricted tokenizer back', async () => {
    const tokenizer = restrictedTokenizer(titles);
    await save(tokenizer);
    const loaded = await loadTokenizer(folder);
    expect(loaded.vocabularySize).toBe(tokenizer.vocabularySize);
    expect(loaded.endOfTextId).toBe(tokenizer.endOfTextId);
    for (const text of [...titles, 'Something else, über 日本']) {
      expect(loaded.encode(text)).toEqual(tokenizer.encode(text));
    }
    expect([...loaded.files()]).toEqual([...tokenizer.files()]);
  });

  it('reads the full vocabulary back', async () => {
    await save(gpt2Tokenizer());
    const loaded = await loadTokenizer(folder);
    expect(loaded.encode(titles[1]!)).toEqual(gpt2Tokenizer().encode(titles[1]!));
    expect(loaded.endOfTextId).toBe(50256);
  });

  it.each(['tokenizer.json', 'vocab.json'])('reads the same from %s alone', async (left) => {
    const tokenizer = restrictedTokenizer(titles);
    await save(tokenizer);
    const others = left === 'tokenizer.json' ? ['vocab.json', 'merges.txt'] : ['tokenizer.json'];
    for (const name of others) await rm(join(folder, name));
    const loaded = await loadTokenizer(folder);
    expect([...loaded.files()]).toEqual([...tokenizer.files()]);
    expect(loaded.encode(titles.join(' '))).toEqual(tokenizer.encode(titles.join(' ')));
  });

  it("writes vocab.json and merges.txt in GPT-2's form", () => {
    const files = restrictedTokenizer([' the']).files();
    const vocabulary = JSON.parse(files.get('vocab.json')!) as Record<string, number>;
    expect(vocabulary).toMatchObject({ '!': 0, Ġ: 220, Ġt: 256, he: 257, Ġthe: 258, '<|endoftext|>': 259 });
    expect(files.get('merges.txt')).toBe('#version: 0.2\nĠ t\nh e\nĠt he\n');
  });

  it.each([
    ['no JSON', { 'vocab.json': '{' }, 'vocab.json: not JSON'],
    ['a list', { 'vocab.json': '[]' }, 'not an object'],
    ['an id twice', { 'vocab.json': '{"a":0,"b":0}' }, 'ids are not the numbers from 0 to 1'],
    ['an id too large', { 'vocab.json': '{"a":0,"b":2}' }, 'ids are not the numbers'],
    ['no end token', { 'vocab.json': '{"a":0,"b":1}' }, '<|endoftext|> does not have the last id'],
    ['a foreign alphabet', { 'vocab.json': '{"日":0,"<|endoftext|>":1}' }, 'not written in GPT-2'],
    ['bytes missing', { 'vocab.json': '{"a":0,"<|endoftext|>":1}' }, 'are not the single bytes'],
    [
      'a merge missing',
      { 'merges.txt': '#version: 0.2\nĠ t\nh e\n' },
      'merges.txt: 2 merges, but vocab.json needs 3',
    ],
    ['merges out of order', { 'merges.txt': '#version: 0.2\nh e\nĠ t\nĠt he\n' }, 'merge 1, "h e"'],
    ['a merge of three', { 'merges.txt': '#version: 0.2\nĠ t\nh e\nĠ t he\n' }, 'merge 3, "Ġ t he"'],
  ])('refuses %s', async (_, changed, message) => {
    await save(restrictedTokenizer([' the']), changed);
    await expect(loadTokenizer(folder)).rejects.toThrow(message);
    await expect(loadTokenizer(folder)).rejects.toMatchObject({ code: 'tokenizer-malformed' });
  });

  it('names a file that is not there', async () => {
    await expect(loadTokenizer(folder)).rejects.toThrow(
      `${folder} has no tokenizer.json, nor vocab.json and merges.txt.`,
    );
    await save(restrictedTokenizer([' the']), { 'vocab.json': '{}' });
    await rm(join(folder, 'merges.txt'));
    await expect(loadTokenizer(folder)).rejects.toThrow(`Cannot read ${join(folder, 'merges.txt')}`);
  });
});
