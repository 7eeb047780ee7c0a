import { TitlesmithError, usageError } from '../../common/errors.js';
import { nearWords } from '../../common/nearest-word.js';
import { formatCount } from '../../common/number-formats.js';
import type { ByteSource } from '../../io/byte-source.js';
import { type ArgumentCheck, checkArgument, hasKeys } from '../../options/call-arguments.js';
import { generationOptions } from '../../options/table/generation.js';
import { elementCount, type Shape } from '../graph/shape.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import type { WeightSource } from '../transformer/weight-source.js';
import { baseConfiguration, baseName, baseWeightsHash } from './base-model.js';
import type { OpenModel } from './open-model.js';
import { SafetensorsFile } from './safetensors-file.js';

/** The file beside the base model's. */
export const communitiesFile = 'communities.safetensors';

/** Identifies the format and its version. */
const format = 'titlesmith-communities-1';

const vectorsName = 'communities';
const finalBias = 'ln_f.bias';
const embedding = 'wte.weight';

/**
 * How far texts are guided to a community where nothing else is asked for, and how many candidates there are for each: 1.5 and
 * 16, as measured in docs/base.md.
 */
export const communityGuidance = 1.5;
export const communityCandidates = 16;

/** Most names that an error lists. */
const mostNear = 3;

/** What a file of communities must belong to. Default: the base model as it ships. */
interface BaseIdentity {
  readonly configuration?: TransformerConfiguration;
  /** SHA-256 of its model.safetensors, lower-case hexadecimal. */
  readonly weightsHash?: string;
}

/**
 * What the base model knows of communities of Reddit by name (data/base/README.md). A community's model is the base model
 * with a vector of the community's own, v, times a guidance scale g, added to the bias of the last normalization. As the
 * embedding is tied to the output, g·wte·v is added to the logits: g = 1 is the community's own distribution, of which v was
 * fitted to be the likeliest; with another g it is classifier-free guidance, logits + g·(logits of the community − logits) (Ho
 * and Salimans, 2022).
 *
 * The file, safetensors: `communities` [N, width], int8 with a scale a row. Its metadata: `format`, `base_sha256` (of the base's
 * model.safetensors), `names` (N, ascending, a line feed between two).
 */
export class Communities {
  private constructor(
    /** In lower case, in ascending order. */
    readonly names: readonly string[],
    private readonly configuration: TransformerConfiguration,
    private readonly vectors: Float32Array,
  ) {}

  /**
   * Reads a file of communities whole, and closes it.
   * @throws TitlesmithError `communities-damaged` when it is of another format or base model, or its content does not fit
   *   together; `checkpoint-damaged` when it is no safetensors file.
   */
  static async open(source: ByteSource, base: BaseIdentity = {}): Promise<Communities> {
    const { configuration = baseConfiguration, weightsHash = baseWeightsHash } = base;
    const file = await SafetensorsFile.open(source);
    try {
      const names = readNames(file, weightsHash);
      const extra = file.names().find((name) => name !== vectorsName);
      if (extra !== undefined)
        throw damaged(file.path, `it holds ${JSON.stringify(extra)}, which is no part of one`);
      const vectors = await readTensor(file, vectorsName, [names.length, configuration.width]);
      return new Communities(names, configuration, vectors);
    } finally {
      await file.close();
    }
  }

  /** @throws TitlesmithError `usage` for a name that is not known, saying which are near. @param name in lower case. */
  check(name: string): void {
    if (this.names.includes(name)) return;
    const near = nearWords(name, this.names, mostNear).map((known) => `r/${known}`);
    const train = `Fine-tune a model on a file of its titles: titlesmith pipeline --input FILE --model ${baseName}`;
    throw usageError(
      `The base model does not know r/${name}: it is none of its ${formatCount(this.names.length)} communities.`,
      near.length > 0
        ? `Did you mean ${near.join(' or ')}? If not: ${train[0]!.toLowerCase()}${train.slice(1)}.`
        : `${train}; or choose one that titlesmith communities lists.`,
    );
  }

  /** Names that hold a word, in ascending order; those that begin with it come first. */
  search(word: string): string[] {
    const found = this.names.filter((name) => name.includes(word));
    const isFirst = (name: string): boolean => name.startsWith(word);
    return [...found.filter(isFirst), ...found.filter((name) => !isFirst(name))];
  }

  /**
   * The base model as it writes for a community: an ordinary model of the same shape. Its weights are read from those of
   * `model`, which are closed once.
   * @param model the base model as it ships; nothing else is meant by these numbers.
   * @param name of the community in lower case. @param guidance the guidance scale g: 0 is the base model itself.
   * @throws TitlesmithError `usage` for a name that is not known, saying which are near, and for a model of another form.
   */
  modelFor(model: OpenModel, name: string, guidance = communityGuidance): OpenModel {
    checkArgument('modelFor', 'model', model, isOpenModel);
    checkArgument('modelFor', 'guidance', guidance, guidanceRule);
    this.check(name);
    if (!isSameShape(model.configuration, this.configuration)) {
      throw usageError(
        'This model is not the base model, which the communities belong to.',
        'Open the base model.',
      );
    }
    const { width, vocabularySize } = this.configuration;
    const start = this.names.indexOf(name) * width;
    const added = this.vectors.subarray(start, start + width).map((value) => guidance * value);
    const weights: WeightSource = {
      read: async (tensor, into) => {
        await model.weights.read(tensor, into);
        if (tensor === finalBias) for (const [column, value] of added.entries()) into[column]! += value;
      },
      close: () => model.weights.close(),
    };
    const addedLogits = async (): Promise<Float32Array> => {
      const rows = new Float32Array(vocabularySize * width);
      await model.weights.read(embedding, rows);
      return Float32Array.from({ length: vocabularySize }, (_, token) => {
        let sum = 0;
        for (let column = 0; column < width; column++) sum += rows[token * width + column]! * added[column]!;
        return sum;
      });
    };
    return { ...model, weights, addedLogits };
  }
}

const { guidanceScale: guidanceRule } = generationOptions;

const isOpenModel: ArgumentCheck = hasKeys('open model', 'configuration', 'tokenizer', 'weights');

function isSameShape(given: TransformerConfiguration, own: TransformerConfiguration): boolean {
  const sizes = ({
    vocabularySize,
    contextLength,
    width,
    layers,
    heads,
    descendsFrom,
  }: TransformerConfiguration) => [vocabularySize, contextLength, width, layers, heads, descendsFrom].join();
  return given.llama === undefined && sizes(given) === sizes(own);
}

function readNames({ path, metadata }: SafetensorsFile, weightsHash: string): string[] {
  if (metadata['format'] !== format) throw damaged(path, `its format is not ${format}`);
  if (metadata['base_sha256'] !== weightsHash) throw damaged(path, 'it belongs to another base model');
  const names = (metadata['names'] ?? '').split('\n');
  const isSound = names.every(
    (name, index) => /^[a-z0-9_]{2,21}$/.test(name) && (index === 0 || names[index - 1]! < name),
  );
  if (!isSound) throw damaged(path, 'its names are not those of communities in ascending order');
  return names;
}

async function readTensor(file: SafetensorsFile, name: string, shape: Shape): Promise<Float32Array> {
  const stored = file.shapeOf(name);
  // Before anything is allocated: only what the file holds is as small as the file.
  if (stored?.join() !== shape.join()) {
    const has = stored === undefined ? 'is missing' : `has shape [${stored.join()}]`;
    throw damaged(file.path, `${name} ${has}, needed is [${shape.join()}]`);
  }
  const values = new Float32Array(elementCount(shape));
  await file.read(name, shape, values);
  if (!values.every(Number.isFinite)) throw damaged(file.path, `${name} holds numbers that are none`);
  return values;
}

function damaged(file: string, what: string): TitlesmithError {
  return new TitlesmithError(`${file} is no file of communities: ${what}.`, {
    code: 'communities-damaged',
    hint: 'Install titlesmith again.',
  });
}
