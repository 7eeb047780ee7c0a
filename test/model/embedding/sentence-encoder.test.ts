import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SentenceEncoder } from '../../../src/model/embedding/sentence-encoder.js';
import {
  sentenceFixture,
  sentenceModelFolder,
  sentenceModelTest,
  sentenceTokenizerFile,
} from '../sentence-model.js';

const minimalTokenizer = JSON.stringify({
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: { '[UNK]': 0, '[CLS]': 1, '[SEP]': 2 },
  },
  normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, lowercase: true },
  pre_tokenizer: { type: 'BertPreTokenizer' },
});

async function openEncoder(): Promise<SentenceEncoder> {
  const path = join(sentenceModelFolder, 'model.onnx');
  return SentenceEncoder.open(
    {
      onnx: { path, bytes: readFileSync(path) },
      tokenizer: { path: sentenceTokenizerFile, content: readFileSync(sentenceTokenizerFile, 'utf8') },
    },
    'a model',
    1,
  );
}

sentenceModelTest(
  'vectors are those of numpy and ONNX Runtime, whatever else is embedded with them',
  async () => {
    const encoder = await openEncoder();
    try {
      const { embedded, embeddings } = sentenceFixture;
      const { width } = encoder;
      expect(width).toBe(384);
      // The same sentence again, others of its length, and an order of lengths that is not that of the texts.
      const texts = [...embedded, embedded[0]!, ...embedded.toReversed()];
      const vectors = await encoder.embed(texts);
      expect(vectors).toHaveLength(texts.length * width);
      for (const [row, text] of texts.entries()) {
        const vector = vectors.subarray(row * width, (row + 1) * width);
        const expected = embeddings[embedded.indexOf(text)]!;
        const furthest = Math.max(...expected.map((value, i) => Math.abs(value - vector[i]!)));
        expect(furthest, text).toBeLessThan(1e-4);
      }
      const products = await encoder.dotProducts(
        vectors.subarray(0, 2 * width),
        vectors.subarray(width, 4 * width),
      );
      const cosine = (a: readonly number[], b: readonly number[]) =>
        a.reduce((sum, value, i) => sum + value * b[i]!, 0);
      const cosines = [0, 1].flatMap((a) => [1, 2, 3].map((b) => cosine(embeddings[a]!, embeddings[b]!)));
      for (const [i, product] of products.entries()) expect(product).toBeCloseTo(cosines[i]!, 4);
      const alone = await encoder.embed([embedded[3]!]);
      expect(alone.every((value, i) => Math.abs(value - vectors[3 * width + i]!) < 1e-6)).toBe(true);
      await expect(
        encoder.embed(embedded, { onProgress: () => {}, signal: { aborted: true } }),
      ).rejects.toThrow('Interrupted');
    } finally {
      await encoder.dispose();
    }
  },
);

test('a file that is no such model is refused in one line', async () => {
  const open = (bytes: Uint8Array) =>
    SentenceEncoder.open(
      {
        onnx: { path: 'x/model.onnx', bytes },
        tokenizer: { path: 'x/tokenizer.json', content: minimalTokenizer },
      },
      'a model',
      1,
    );
  await expect(open(new Uint8Array())).rejects.toThrow(
    'x/model.onnx cannot be read as an ONNX model: it holds no graph.',
  );
  await expect(open(Uint8Array.of(255, 255, 1))).rejects.toThrow(
    'x/model.onnx cannot be read as an ONNX model',
  );
});
