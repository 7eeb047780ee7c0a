import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../../src/io/package-root.js';
import { gpt2Tokenizer } from '../../../src/model/tokenizer/gpt2.js';
import { silentTokens } from '../../../src/model/tokenizer/padded-tokenizer.js';
import { restrictedTokenizer } from '../../../src/model/tokenizer/restricted.js';
import { startOf } from '../../../src/model/tokenizer/tokenizer.js';
import { loadTokenizer } from '../../../src/model/weights/load-tokenizer.js';

interface Answers {
  readonly size: number;
  readonly ids: readonly (readonly number[])[];
  readonly texts: readonly string[];
}

const oracles = join(packageRoot, 'test/oracles/tokenizer');
/** Made by Hugging Face's `tokenizers`: test/oracles/tokenizer/make_described.py. */
const fixture = JSON.parse(readFileSync(join(oracles, 'described.json'), 'utf8')) as {
  readonly lines: readonly string[];
  readonly first: Answers;
  readonly digits: Answers;
};

const temporary: string[] = [];
afterAll(async () => {
  for (const folder of temporary) await rm(folder, { recursive: true });
});

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'titlesmith-described-'));
  temporary.push(folder);
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

/** By test/oracles/tokenizer/make_composed.py. */
const composed = JSON.parse(readFileSync(join(oracles, 'composed.json'), 'utf8')) as Answers & {
  readonly lines: readonly string[];
  readonly changed: { readonly ignore_merges: number; readonly NFC: number };
};

describe.each(['first', 'digits', 'composed'] as const)('the tokenizer.json %s', (name) => {
  const { lines, ...expected } = name === 'composed' ? composed : { ...fixture[name], lines: fixture.lines };

  it("gives the ids of Hugging Face's tokenizers, and their text", async () => {
    const tokenizer = await loadTokenizer(join(oracles, 'described', name));
    expect(tokenizer.vocabularySize).toBe(expected.size);
    for (const [index, line] of lines.entries()) {
      const ids = tokenizer.encode(line);
      expect(ids, JSON.stringify(line)).toEqual(expected.ids[index]);
      expect(tokenizer.decode(ids)).toBe(expected.texts[index]);
    }
  });

  it('is written as it was read', async () => {
    const tokenizer = await loadTokenizer(join(oracles, 'described', name));
    const content = readFileSync(join(oracles, 'described', name, 'tokenizer.json'), 'utf8');
    expect(tokenizer.files().get('tokenizer.json')).toBe(content);
    const again = await loadTokenizer(await folderWith(Object.fromEntries(tokenizer.files())));
    expect(again.encode(lines.join('\n'))).toEqual(tokenizer.encode(lines.join('\n')));
    expect([startOf(again), again.endOfTextId]).toEqual([startOf(tokenizer), tokenizer.endOfTextId]);
  });
});

it('texts are composed, and words that are tokens taken whole, which the oracle says makes a difference', async () => {
  const path = join(oracles, 'described/composed/tokenizer.json');
  const document = JSON.parse(readFileSync(path, 'utf8')) as { readonly model: object };
  const differs = async (changed: object): Promise<number> => {
    const content = JSON.stringify({ ...document, ...changed });
    const tokenizer = await loadTokenizer(await folderWith({ 'tokenizer.json': content }));
    return composed.lines.filter(
      (line, index) => tokenizer.encode(line).join() !== composed.ids[index]!.join(),
    ).length;
  };
  expect(await differs({})).toBe(0);
  expect(await differs({ normalizer: { type: 'Sequence', normalizers: [{ type: 'NFC' }] } })).toBe(0);
  expect(await differs({ normalizer: null })).toBe(composed.changed.NFC);
  const merged = { model: { ...document.model, ignore_merges: false } };
  expect(await differs(merged)).toBe(composed.changed.ignore_merges);
  expect(composed.lines.length).toBeGreaterThan(300);
  expect(composed.changed.NFC).toBeGreaterThan(50);
  expect(composed.changed.ignore_merges).toBeGreaterThan(100);
});

describe('which tokens start and end a text', () => {
  const read = (name: string): string =>
    readFileSync(join(oracles, 'described', name, 'tokenizer.json'), 'utf8');

  it('says tokenizer_config.json, or the end token is <|endoftext|> with any id', async () => {
    const digits = await loadTokenizer(join(oracles, 'described/digits'));
    expect([startOf(digits), digits.endOfTextId]).toEqual([1, 2]);
    const first = await loadTokenizer(join(oracles, 'described/first'));
    expect([startOf(first), first.endOfTextId]).toEqual([0, 0]);
  });

  it('says config.json where no file of the tokenizer does', async () => {
    const config = JSON.stringify({ bos_token_id: 3, eos_token_id: [2, 0] });
    const files = { 'tokenizer.json': read('digits'), 'config.json': config };
    const tokenizer = await loadTokenizer(await folderWith(files));
    expect([startOf(tokenizer), tokenizer.endOfTextId]).toEqual([3, 2]);
  });

  it('are never read from a text, and no text gets a token without one', async () => {
    const tokenizer = await loadTokenizer(join(oracles, 'described/first'));
    const ids = new Set(tokenizer.encode('<|endoftext|> <|pad|>'));
    const pad = tokenizer.vocabularySize - 1;
    expect(ids.has(0) || ids.has(pad)).toBe(false);
    expect(silentTokens(tokenizer)).toEqual([pad]);
    expect(silentTokens(gpt2Tokenizer())).toEqual([]);
  });

  it('are refused where they are none of the tokens', async () => {
    const files = { 'tokenizer.json': read('first'), 'tokenizer_config.json': '{"eos_token":"</s>"}' };
    await expect(loadTokenizer(await folderWith(files))).rejects.toThrow(
      'its eos_token, "</s>", is none of its tokens',
    );
  });
});

describe('tokens beside vocab.json and merges.txt', () => {
  const own = restrictedTokenizer([' the cat']);
  const files = own.files();
  const pair = { 'vocab.json': files.get('vocab.json')!, 'merges.txt': files.get('merges.txt')! };

  it.each([
    ['added_tokens.json', { 'added_tokens.json': JSON.stringify({ '<|bos|>': own.vocabularySize }) }],
    [
      'tokenizer_config.json',
      {
        'tokenizer_config.json': JSON.stringify({
          bos_token: '<|bos|>',
          added_tokens_decoder: { [own.vocabularySize]: { content: '<|bos|>', special: true } },
        }),
      },
    ],
  ])('are those of %s', async (name, beside) => {
    const map = { 'special_tokens_map.json': JSON.stringify({ bos_token: '<|bos|>' }) };
    const folder = await folderWith({ ...pair, ...map, ...beside });
    const tokenizer = await loadTokenizer(folder);
    expect(tokenizer.vocabularySize, name).toBe(own.vocabularySize + 1);
    expect(startOf(tokenizer)).toBe(own.vocabularySize);
    expect(tokenizer.endOfTextId).toBe(own.endOfTextId);
    expect(tokenizer.encode('the cat sat')).toEqual(own.encode('the cat sat'));
    const again = await loadTokenizer(await folderWith(Object.fromEntries(tokenizer.files())));
    expect(startOf(again)).toBe(own.vocabularySize);
  });

  it('may come first', async () => {
    const ids = Object.entries(JSON.parse(pair['vocab.json']) as Record<string, number>);
    const moved = ids.map(([name, id]) => [name, name === '<|endoftext|>' ? 0 : id + 1]);
    const folder = await folderWith({ ...pair, 'vocab.json': JSON.stringify(Object.fromEntries(moved)) });
    const tokenizer = await loadTokenizer(folder);
    expect(tokenizer.endOfTextId).toBe(0);
    expect(tokenizer.encode('the cat sat')).toEqual(own.encode('the cat sat').map((id) => id + 1));
  });
});

describe('a tokenizer.json of another kind', () => {
  const digits = JSON.parse(readFileSync(join(oracles, 'described/digits/tokenizer.json'), 'utf8')) as Record<
    string,
    unknown
  > & { readonly model: Record<string, unknown> };
  const { model } = digits;
  const words = (...pretokenizers: unknown[]) => ({ pre_tokenizer: { type: 'Sequence', pretokenizers } });
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false };
  const added = (token: Record<string, unknown>) => ({
    added_tokens: [{ id: 9999, content: 'x', ...token }],
  });

  it.each([
    ['a model of the kind "Unigram"', { model: { type: 'Unigram' } }],
    ['a normalizer of the kind "NFKC"', { normalizer: { type: 'NFKC' } }],
    [
      'a normalizer of the kind "Lowercase"',
      { normalizer: { type: 'Sequence', normalizers: [{ type: 'NFC' }, { type: 'Lowercase' }] } },
    ],
    ['its normalizer is a Sequence without parts', { normalizer: { type: 'Sequence' } }],
    ['a pre-tokenizer of the kind "Split"', words({ type: 'Split' }, byteLevel)],
    ['a pre-tokenizer of the kind "Whitespace"', { pre_tokenizer: { type: 'Whitespace' } }],
    ['a pre-tokenizer of the kind null', { pre_tokenizer: null }],
    ['individual_digits false', words({ type: 'Digits', individual_digits: false }, byteLevel)],
    ['add_prefix_space true', { pre_tokenizer: { type: 'ByteLevel', add_prefix_space: true } }],
    ['use_regex false', { pre_tokenizer: { ...byteLevel, use_regex: false } }],
    ['a post-processor of the kind "BertProcessing"', { post_processor: { type: 'BertProcessing' } }],
    ['a decoder of the kind "Metaspace"', { decoder: { type: 'Metaspace' } }],
    ['byte_fallback true', { model: { ...model, byte_fallback: true } }],
    ['ignore_merges is neither true nor false', { model: { ...model, ignore_merges: 1 } }],
    ['end_of_word_suffix "</w>"', { model: { ...model, end_of_word_suffix: '</w>' } }],
    ['added token "x": lstrip true', added({ lstrip: true })],
    ['an added token is malformed', added({ content: '' })],
    ['"<|endoftext|>" and "x" have the same id, 0', added({ id: 0 })],
    ['the id of "x" is no whole number', added({ id: -1 })],
    ['merge 1, ["a"], is no pair', { model: { ...model, merges: [['a']] } }],
    ['merge 1 needs "zzz"', { model: { ...model, merges: ['zzz e'] } }],
    ['it has no list of merges', { model: { ...model, merges: undefined } }],
    ['it holds no vocabulary', { model: { ...model, vocab: [] } }],
    ['the id of "a" is no number', { model: { ...model, vocab: { a: '0' } } }],
    ['"a" and "b" have the same id, 0', { model: { ...model, vocab: { a: 0, b: 0 } } }],
  ])('is refused by name: %s', async (message, changed) => {
    const content = JSON.stringify({ ...digits, ...changed });
    const loading = loadTokenizer(await folderWith({ 'tokenizer.json': content }));
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toMatchObject({ code: 'tokenizer-malformed' });
  });
});
