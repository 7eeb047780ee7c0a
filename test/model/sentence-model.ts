import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';

/** all-MiniLM-L6-v2, as .ci/install-test-tools fetches it. */
export const sentenceModelFolder = join(packageRoot, '.cache', 'sentence-model');
export const sentenceTokenizerFile = join(sentenceModelFolder, 'tokenizer.json');

const isThere = existsSync(sentenceTokenizerFile) && existsSync(join(sentenceModelFolder, 'model.onnx'));
if (!isThere) {
  console.info(
    `Tests of the sentence model are skipped: ${sentenceModelFolder} lacks it (.ci/install-test-tools).`,
  );
}

/** A test that needs the sentence model. */
export const sentenceModelTest = test.skipIf(!isThere);

interface SentenceFixture {
  readonly lines: readonly string[];
  readonly ids: readonly (readonly number[])[];
  readonly embedded: readonly string[];
  readonly embeddings: readonly (readonly number[])[];
}

/** What Hugging Face's tokenizers and numpy made of invented lines (test/oracles/sentences). */
export const sentenceFixture = JSON.parse(
  readFileSync(new URL('../oracles/sentences/fixture.json', import.meta.url), 'utf8'),
) as SentenceFixture;
