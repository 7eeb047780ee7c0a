import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileError, TitlesmithError } from '../../../common/errors.js';
import type { TransformerConfiguration } from '../../transformer/configuration.js';
import { parameterSpecifications } from '../../transformer/parameters.js';
import type { WeightSource } from '../../transformer/weight-source.js';
import { loadTokenizerPair } from '../load-tokenizer.js';
import { damagedCheckpoint, type ModelFolder, type OpenModel, withVocabularyOf } from '../open-model.js';
import { TensorBundle } from './tensor-bundle.js';

/** Names of files in OpenAI's model folders, which gpt-2-simple copies into its runs. */
const [hyperparametersFile, stateFile] = ['hparams.json', 'checkpoint'];
const tokenizerFiles = { vocabulary: 'encoder.json', merges: 'vocab.bpe' } as const;

/** The TensorFlow variable that holds a parameter, and its shape there. */
interface Variable {
  readonly name: string;
  readonly shape: readonly number[];
}

const variableSuffixes: Readonly<Record<string, string>> = { weight: 'w', bias: 'b' };
const normSuffixes: Readonly<Record<string, string>> = { weight: 'g', bias: 'b' };

/**
 * `h.0.attn.c_attn.weight` [in,out] is `model/h0/attn/c_attn/w` [1,in,out]: OpenAI wrote matrices as
 * convolutions.
 */
function variableOf(name: string, shape: readonly number[]): Variable {
  const embedding = /^(wte|wpe)\.weight$/.exec(name);
  if (embedding) return { name: `model/${embedding[1]}`, shape };
  const parts = name.replace(/^h\.(\d+)/, 'h$1').split('.');
  const last = parts.pop() ?? '';
  const isNorm = parts.at(-1)?.startsWith('ln_');
  const path = ['model', ...parts, (isNorm ? normSuffixes : variableSuffixes)[last]].join('/');
  return { name: path, shape: shape.length === 2 ? [1, ...shape] : shape };
}

class TensorFlowWeights implements WeightSource {
  constructor(
    private readonly bundle: TensorBundle,
    private readonly variables: ReadonlyMap<string, Variable>,
  ) {}

  async read(name: string, into: Float32Array): Promise<void> {
    const variable = this.variables.get(name);
    if (!variable) throw new RangeError(`no parameter ${name}`);
    await this.bundle.read(variable.name, variable.shape, into);
  }

  async close(): Promise<void> {
    await this.bundle.close();
  }
}

/** Variables of an optimizer, named after the variable they belong to. */
const optimizerSlot = /\/(Adam|Adam_1|Momentum|RMSProp|RMSProp_1|ExponentialMovingAverage)$/;

async function openWeights(prefix: string, configuration: TransformerConfiguration): Promise<WeightSource> {
  const bundle = await TensorBundle.open(prefix);
  try {
    const variables = new Map(
      parameterSpecifications(configuration).map(({ name, shape }) => [name, variableOf(name, shape)]),
    );
    for (const { name, shape } of variables.values()) bundle.check(name, shape);
    const known = new Set([...variables.values()].map(({ name }) => name));
    const extra = bundle
      .names()
      .find((name) => name.startsWith('model/') && !known.has(name) && !optimizerSlot.test(name));
    if (extra !== undefined)
      throw damagedCheckpoint(`${prefix}.index`, `tensor ${extra} is not part of a GPT-2`);
    return new TensorFlowWeights(bundle, variables);
  } catch (error) {
    await bundle.close();
    throw error;
  }
}

/** OpenAI's hparams.json. @throws TitlesmithError when it is not JSON, or a size is missing or out of bounds. */
function parseHyperparameters(content: string, path: string): TransformerConfiguration {
  const refuse = (what: string): never => {
    throw new TitlesmithError(`${path}: ${what}.`, {
      code: 'model-configuration',
      hint: 'Name a folder that OpenAI or gpt-2-simple wrote.',
    });
  };
  let file: Record<string, unknown> | null;
  try {
    file = JSON.parse(content) as Record<string, unknown> | null;
  } catch {
    return refuse('not JSON');
  }
  const size = (name: string, limit: number): number => {
    const value = file?.[name];
    if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= limit) return value;
    return refuse(`${name} must be a whole number from 1 to ${limit}; it is ${JSON.stringify(value)}`);
  };
  const [width, heads] = [size('n_embd', 16_384), size('n_head', 1024)];
  if (width % heads !== 0) return refuse(`n_embd ${width} is not a multiple of n_head ${heads}`);
  const contextLength = size('n_ctx', 65_536);
  const [vocabularySize, layers] = [size('n_vocab', 65_536), size('n_layer', 1024)];
  return { vocabularySize, contextLength, width, layers, heads, layerNormEpsilon: 1e-5 };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw fileError('read', path, error);
  }
}

/**
 * The newest checkpoint of a folder: the one that its file `checkpoint` names (possibly with a path of the machine it
 * was trained on), else the only one.
 */
async function newestCheckpoint(folder: string): Promise<string> {
  const names = await readdir(folder);
  const indexes = names
    .filter((name) => name.endsWith('.index'))
    .map((name) => name.slice(0, -'.index'.length));
  if (names.includes(stateFile)) {
    const path = join(folder, stateFile);
    const named = /^\s*model_checkpoint_path:\s*"((?:[^"\\]|\\.)*)"/m.exec(await readText(path))?.[1];
    if (named === undefined) throw damagedCheckpoint(path, 'it names no model_checkpoint_path');
    const name = named.replaceAll('\\\\', '/').split('/').at(-1) ?? '';
    if (indexes.includes(name)) return name;
    throw damagedCheckpoint(path, `it names ${JSON.stringify(name)}, but there is no ${name}.index`);
  }
  const [only] = indexes;
  if (only !== undefined && indexes.length === 1) return only;
  throw new TitlesmithError(
    `${folder} holds ${indexes.length} TensorFlow checkpoints and no file "${stateFile}" that names one.`,
    {
      code: 'model-folder',
      hint: `Name one, without .index: ${join(folder, indexes.at(-1) ?? 'model-1000')}`,
    },
  );
}

/** Whether a folder with these files is one of OpenAI's or gpt-2-simple's. */
export function isTensorFlowFolder(names: readonly string[]): boolean {
  return names.includes(hyperparametersFile);
}

/** Whether a path is the prefix of a checkpoint: `checkpoint/run1/model-500`. */
export function isCheckpointPrefix(path: string): boolean {
  return existsSync(`${path}.index`);
}

/**
 * A model that OpenAI published (`models/124M`) or gpt-2-simple trained (`checkpoint/run1`).
 * @param path the folder, for its newest checkpoint; or the prefix of a checkpoint.
 * @throws TitlesmithError when it is not clear which checkpoint is meant.
 */
export async function tensorFlowFolder(path: string): Promise<ModelFolder> {
  const isPrefix = isCheckpointPrefix(path);
  const folder = isPrefix ? dirname(path) : path;
  const checkpoint = isPrefix ? basename(path) : await newestCheckpoint(folder);
  return {
    path: folder,
    format: `TensorFlow checkpoint ${checkpoint}`,
    files: async () => {
      const names = await readdir(folder);
      const data = names.filter((name) => name.startsWith(`${checkpoint}.data-`)).sort();
      return [hyperparametersFile, ...Object.values(tokenizerFiles), `${checkpoint}.index`, ...data];
    },
    open: () => openFolder(folder, checkpoint),
  };
}

async function openFolder(folder: string, checkpoint: string): Promise<OpenModel> {
  const path = join(folder, hyperparametersFile);
  const stored = parseHyperparameters(await readText(path), path);
  const tokenizer = await loadTokenizerPair(folder, tokenizerFiles);
  return {
    ...withVocabularyOf(tokenizer, stored, folder),
    weights: await openWeights(join(folder, checkpoint), stored),
  };
}
