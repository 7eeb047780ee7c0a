import { silentContext } from '../../../../src/common/progress.js';
import type { Engine } from '../../../../src/model/engine/engine.js';
import { generationDefaults } from '../../../../src/model/generation/generation-options.js';
import { generateTexts } from '../../../../src/model/generation/generation-request.js';
import type { Tokenizer } from '../../../../src/model/tokenizer/tokenizer.js';
import { type TrainingInput, train } from '../../../../src/model/training/training-loop.js';
import type { MetricsLine } from '../../../../src/model/training/training-storage.js';
import type { TransformerConfiguration } from '../../../../src/model/transformer/configuration.js';
import { openDecodeSession } from '../../../../src/model/transformer/decode-session.js';
import type { WeightSource } from '../../../../src/model/transformer/weight-source.js';
import { MemoryStorage } from '../../training/memory-storage.js';

/** What a training came to. */
export interface Trained {
  readonly lines: readonly MetricsLine[];
  readonly milliseconds: number;
}

/** What a generation came to. */
export interface Generated {
  readonly texts: readonly string[];
  readonly milliseconds: number;
}

/** Trains without files; each step is a line of metrics where `printEvery` is 1. */
export async function trainInMemory(input: Omit<TrainingInput, 'storage'>): Promise<Trained> {
  const storage = new MemoryStorage();
  const started = performance.now();
  await train({ ...input, storage }, silentContext);
  return { lines: storage.lines, milliseconds: performance.now() - started };
}

export interface GenerationInput {
  readonly configuration: TransformerConfiguration;
  readonly tokenizer: Tokenizer;
  readonly weights: WeightSource;
  readonly nsamples: number;
  readonly length: number;
  readonly temperature: number;
  readonly slots: number;
  readonly prefixes: readonly string[];
}

/** Texts in the order of their numbers. */
export async function generateInMemory(engine: Engine, input: GenerationInput): Promise<Generated> {
  const { configuration, tokenizer, weights, slots, prefixes, ...sampling } = input;
  const started = performance.now();
  const capacity = Math.min(configuration.contextLength, sampling.length + 24);
  const session = await openDecodeSession(engine, configuration, weights, { slots, capacity });
  const texts: string[] = [];
  const asked = { ...generationDefaults, ...sampling, prefixes };
  for await (const { index, text } of generateTexts(session, tokenizer, asked, silentContext))
    texts[index] = text;
  await session.dispose();
  return { texts, milliseconds: performance.now() - started };
}
