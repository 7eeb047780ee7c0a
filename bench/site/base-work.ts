import { splitTitles } from '../../src/data/title-split.js';
import { sourcesFolder } from '../../src/io/byte-folder.js';
import { memorySource } from '../../src/io/byte-source.js';
import type { Engine } from '../../src/model/engine/engine.js';
import { tokenizeTitles } from '../../src/model/tokenizer/tokenized-titles.js';
import { baseName } from '../../src/model/weights/base-model.js';
import { openModelIn } from '../../src/model/weights/folder-model.js';
import type { OpenModel } from '../../src/model/weights/open-model.js';
import { defaultOptions } from '../../src/options/option-values.js';
import { decideTrainingOptions } from '../../src/run/training-decision.js';
import {
  type Generated,
  generateInMemory,
  type Trained,
  trainInMemory,
} from '../../test/model/engine/web/web-work.js';

/** The base model's files that are read. */
export const baseFiles = ['config.json', 'vocab.json', 'merges.txt', 'model.safetensors'] as const;

/** What is done with the base model, in a browser and on Node alike. */
export interface BaseInput {
  readonly titles: readonly string[];
  readonly steps: number;
  readonly texts: number;
  readonly temperature: number;
  readonly chosen?: { readonly dropout?: number; readonly batchSize?: number };
}

export type Files = ReadonlyMap<string, Uint8Array>;

const openBase = (files: Files): Promise<OpenModel> =>
  openModelIn(
    sourcesFolder(
      'base',
      new Map(Array.from(files, ([name, bytes]) => [name, memorySource(name, bytes)] as const)),
    ),
  );

/** Trains the base model on titles as the command line does by default; each step is a line of metrics. */
export async function trainBase(engine: Engine, files: Files, input: BaseInput): Promise<Trained> {
  const { configuration, tokenizer, weights } = await openBase(files);
  const { train, validation } = splitTitles(input.titles);
  const [data, heldOut] = [train, validation].map(
    (list) => tokenizeTitles(list, tokenizer, { maximumTokens: configuration.contextLength - 1 }).titles,
  );
  const decided = decideTrainingOptions(baseName, {
    ...defaultOptions(),
    ...input.chosen,
    steps: input.steps,
  });
  const trained = await trainInMemory({
    engine,
    data: { train: data!, validation: heldOut! },
    tokenizer,
    configuration,
    pretrained: weights,
    options: { ...decided, printEvery: 1 },
  });
  await weights.close();
  return trained;
}

/** Texts of the base model as it ships. */
export async function generateBase(engine: Engine, files: Files, input: BaseInput): Promise<Generated> {
  const { configuration, tokenizer, weights } = await openBase(files);
  const { texts, temperature } = input;
  const generated = await generateInMemory(engine, {
    configuration,
    tokenizer,
    weights,
    nsamples: temperature === 0 ? 1 : texts,
    length: 60,
    temperature,
    slots: Math.min(32, texts),
    // The likeliest text after no words is one: the first words of titles make them differ.
    prefixes:
      temperature === 0
        ? input.titles.slice(0, texts).map((title) => title.split(' ').slice(0, 2).join(' '))
        : [''],
  });
  await weights.close();
  return generated;
}
