import { withoutCondition } from '../../data/conditioning.js';
import { readDataset } from '../../data/dataset-files.js';
import { decodeBaseTitles } from '../../dedupe/base-titles.js';
import { createTitleJudge, type TitleJudge } from '../../dedupe/title-judge.js';
import { readBaseFingerprints } from '../../io/base-fingerprints.js';
import { openEngine } from '../../model/engine/open-engine.js';
import { elementCount } from '../../model/graph/shape.js';
import { encodeWords } from '../../model/tokenizer/gpt2.js';
import { startOf, type Tokenizer } from '../../model/tokenizer/tokenizer.js';
import type { DecodeSession } from '../../model/transformer/decode-session.js';
import { parameterSpecifications } from '../../model/transformer/parameters.js';
import { openForGeneration } from '../../model/weights/open-for-generation.js';
import type { InferenceSettings, ModelFacts, ServedModel, TitleFiles } from '../served-model.js';

/** A model that is ready to generate, and the judge of its texts. */
export interface LoadedModel {
  readonly session: DecodeSession;
  readonly tokenizer: Tokenizer;
  /** Undefined where texts are not compared with training titles. */
  readonly judge: TitleJudge | undefined;
  readonly facts: ModelFacts;
}

/** @throws TitlesmithError when the model or a dataset file cannot be read, or the device cannot run it. */
export async function loadModel(served: ServedModel, settings: InferenceSettings): Promise<LoadedModel> {
  const started = performance.now();
  const { slots, capacity, precision, threads, device } = settings;
  const engine = await openEngine(device, { threads });
  const sizes = { engine, slots, capacity, precision };
  const { configuration, tokenizer, session } = await openForGeneration(served.model, sizes);
  // The first step of a session is slower: no client should have to wait for it.
  await session.prefill(Int32Array.of(startOf(tokenizer)), 1);
  const judged = served.titles && (await openJudge(served.titles));
  const sizesOfParameters = parameterSpecifications(configuration).map(({ shape }) => elementCount(shape));
  const facts: ModelFacts = {
    parameters: sizesOfParameters.reduce((sum, size) => sum + size, 0),
    capacity: session.capacity,
    vocabularySize: configuration.vocabularySize,
    titles: judged?.titles ?? 0,
    rule: judged?.judge.rules.thresholdReason ?? '',
    loadSeconds: (performance.now() - started) / 1000,
  };
  return { session, tokenizer, judge: judged?.judge, facts };
}

/**
 * A judge with a run's titles and rules, and the number of training titles. Rules that were not stored are chosen again
 * from the titles.
 */
async function openJudge({
  train,
  validation,
  threshold,
  rules,
  baseCopies,
  canaries,
}: TitleFiles): Promise<{ readonly judge: TitleJudge; readonly titles: number }> {
  const [titles, heldOut] = [await readTitles(train), await readTitles(validation)];
  const baseTitles = baseCopies && decodeBaseTitles(await readBaseFingerprints());
  const keepBaseCopies = baseCopies === 'kept';
  const options = { threshold, heldOut, rules, tokenize: encodeWords, baseTitles, keepBaseCopies, canaries };
  const judge = await createTitleJudge(titles, options);
  return { judge, titles: titles.length };
}

async function readTitles(path: string): Promise<string[]> {
  const titles: string[] = [];
  for await (const title of readDataset(path)) titles.push(withoutCondition(title));
  return titles;
}
