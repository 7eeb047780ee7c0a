import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseWordPieceTokenizer } from '../../../src/model/tokenizer/word-piece.js';
import { sentenceFixture, sentenceModelTest, sentenceTokenizerFile } from '../sentence-model.js';

const content = {
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 8,
    vocab: { '[UNK]': 0, '[CLS]': 1, '[SEP]': 2, go: 3, '##at': 4, '##s': 5, '##ats': 6, goats: 7, '!': 8 },
  },
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  added_tokens: [{ content: '[UNK]' }],
};
const parse = (changes: object = {}) =>
  parseWordPieceTokenizer(JSON.stringify({ ...content, ...changes }), 'tokenizer.json');

test('words are cut into the longest pieces from the left', () => {
  const tokenizer = parse();
  expect(tokenizer.encode('Goats!')).toEqual([1, 7, 8, 2]);
  expect(tokenizer.encode('goat GOATSS')).toEqual([1, 3, 4, 7, 5, 2]);
  expect(tokenizer.encode('gos gox goatsssss')).toEqual([1, 3, 5, 0, 0, 2]);
  expect(tokenizer.encode('a[UNK]go')).toEqual([1, 0, 0, 3, 2]);
  expect(tokenizer.encode('')).toEqual([1, 2]);
  expect(tokenizer.encode('go go go go', 4)).toEqual([1, 3, 3, 2]);
});

test('the tokens around a sentence are those of the post-processor', () => {
  const vocab = { ...content.model.vocab, '<s>': 9, '</s>': 10 };
  const framed = (post_processor: unknown) =>
    parse({ model: { ...content.model, vocab }, post_processor }).encode('goats [SEP]');
  const [cls, sep] = [
    ['<s>', 9],
    ['</s>', 10],
  ];
  // '[SEP]' is no token of its own there: brackets and a word that the vocabulary lacks.
  expect(framed({ type: 'RobertaProcessing', cls, sep })).toEqual([9, 7, 0, 0, 0, 10]);
  expect(framed({ type: 'BertProcessing', cls, sep })).toEqual([9, 7, 0, 0, 0, 10]);
  const around = (start: string, end: string) => ({
    type: 'TemplateProcessing',
    single: [
      { SpecialToken: { id: start, type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: end, type_id: 0 } },
    ],
  });
  expect(framed(around('[CLS]', '[SEP]'))).toEqual([1, 7, 2, 2]);
  expect(framed(around('<s>', '[SEP]'))).toEqual([9, 7, 2, 2]);
  const wrong = 'it does not put one token before and one after a sentence';
  expect(() => framed({ type: 'ByteLevel' })).toThrow(wrong);
  expect(() => framed({ type: 'RobertaProcessing' })).toThrow(wrong);
  expect(() => framed({ type: 'TemplateProcessing', single: [null, null, null] })).toThrow(wrong);
  expect(() => framed([cls, sep])).toThrow(wrong);
  expect(() => framed(around('<start>', '[SEP]'))).toThrow('its vocabulary lacks "<start>"');
});

test('a tokenizer of another kind is refused', () => {
  const refused = (changes: object) => expect(() => parse(changes));
  expect(() => parseWordPieceTokenizer('{', 'x.json')).toThrow('x.json: not JSON.');
  refused({ model: { type: 'BPE' } }).toThrow('it holds no WordPiece vocabulary');
  refused({ normalizer: { ...content.normalizer, lowercase: false } }).toThrow('not that of an uncased BERT');
  refused({ normalizer: null }).toThrow('not that of an uncased BERT');
  refused({ pre_tokenizer: { type: 'Whitespace' } }).toThrow('not cut as BERT cuts them');
  refused({ model: { ...content.model, vocab: { '[UNK]': 0 } } }).toThrow('lacks "[CLS]"');
  refused({ model: { ...content.model, vocab: { a: 'b' } } }).toThrow('the id of "a" is no number');
  refused({ model: { ...content.model, continuing_subword_prefix: 1 } }).toThrow('does not say how words');
});

sentenceModelTest('ids equal those of Hugging Face for every line', () => {
  const tokenizer = parseWordPieceTokenizer(
    readFileSync(sentenceTokenizerFile, 'utf8'),
    sentenceTokenizerFile,
  );
  const { lines, ids } = sentenceFixture;
  const wrong = lines.filter((line, i) => tokenizer.encode(line).join() !== ids[i]!.join());
  expect(lines.length).toBeGreaterThan(250);
  expect(wrong).toEqual([]);
});
