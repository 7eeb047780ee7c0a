import { TitlesmithError, usageError } from '../../common/errors.js';
import { silentContext, type WorkContext } from '../../common/progress.js';
import { AtomicFile } from '../../io/atomic-file.js';
import {
  type GenerationOptions,
  generationArguments,
  generationDefaults,
  validateGenerationOptions,
} from '../../model/generation/generation-options.js';
import { generateTexts as textsOf } from '../../model/generation/generation-request.js';
import type { GeneratedText } from '../../model/generation/sequence.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import type { TransformerConfiguration } from '../../model/transformer/configuration.js';
import type { DecodeSession } from '../../model/transformer/decode-session.js';
import type { GenerationModel } from '../../model/weights/generation-session.js';
import { hubSettings } from '../../model/weights/hub/settings.js';
import {
  type GenerationModelOptions,
  openForGeneration,
  openModelFiles,
} from '../../model/weights/open-for-generation.js';
import type { OpenModel } from '../../model/weights/open-model.js';
import { locateModel, openModel } from '../../model/weights/resolve-model.js';
import {
  type ArgumentRules,
  checkArgument,
  checkArguments,
  completeContext,
  hasKeys,
  hasMethod,
  isAbortSignal,
  isContext,
  isFunction,
  isText,
  required,
  withoutUndefined,
} from '../../options/call-arguments.js';
import { generationOptions } from '../../options/table/generation.js';
import { inOrder } from '../../run/generated-texts.js';
import { askCommunity } from '../stages/base-communities.js';

export interface ModelOptions extends GenerationModelOptions {
  /** Listens to a download's progress, and can cancel it. */
  readonly context?: Partial<WorkContext>;
}

const modelArguments: ArgumentRules = {
  engine: hasMethod('compile', 'engine, as createOnnxRuntimeEngine makes one'),
  slots: generationOptions.slots,
  texts: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
  capacity: { type: 'integer', minimum: 2, maximum: 1_000_000 },
  precision: generationOptions.precision,
  context: isContext,
};

/** Options of {@link loadModel}. */
export interface LoadModelOptions extends ModelOptions {
  /** A community of Reddit that the base model is to write for, by name. Default: none in particular. */
  readonly subreddit?: string;
  /** How far it is guided to that community: see `--guidance-scale`. Default: 1.5. */
  readonly guidanceScale?: number;
}

const loadArguments: ArgumentRules = {
  ...modelArguments,
  subreddit: generationOptions.promptSubreddit,
  guidanceScale: generationOptions.guidanceScale,
};

function disposedError(): TitlesmithError {
  return new TitlesmithError('The model was disposed of, and generates no more.', {
    code: 'model-disposed',
    hint: 'Open it again with loadModel, or dispose of it later.',
  });
}

/** A model ready to generate. Several can be open at a time; each has its own weights and caches. */
export class Model {
  readonly configuration: TransformerConfiguration;
  readonly tokenizer: Tokenizer;
  private readonly session: DecodeSession;
  /** Resolves when all calls so far have finished. */
  private lastCall: Promise<void> = Promise.resolve();
  private readonly disposal = new AbortController();
  /** Resolves when the model is disposed of. */
  private readonly disposed: Promise<void>;
  private disposing: Promise<void> | undefined;

  /** @param addedLogits as in `GenerationOptions`. */
  constructor(
    { configuration, tokenizer, session }: GenerationModel,
    readonly addedLogits?: Float32Array,
  ) {
    this.configuration = configuration;
    this.tokenizer = tokenizer;
    this.session = session;
    this.disposed = new Promise((resolve) => {
      this.disposal.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /**
   * Waits until no other call uses the model.
   * @returns its session; a signal that is aborted once the model is disposed of; and a function that releases it to the
   *   next call, which may be called twice.
   * @throws TitlesmithError `model-disposed`.
   */
  async acquire(): Promise<{ session: DecodeSession; disposal: AbortSignal; release: () => void }> {
    const before = this.lastCall;
    const { signal } = this.disposal;
    if (signal.aborted) throw disposedError();
    let release: () => void = () => {};
    this.lastCall = new Promise((resolve) => {
      release = resolve;
    });
    await Promise.race([before, this.disposed]);
    if (!signal.aborted) return { session: this.session, disposal: signal, release };
    release();
    throw disposedError();
  }

  /**
   * Frees the model's memory once the step that is being computed, if any, has ended. The model cannot be used
   * afterwards: calls of `generate`, running ones too, end with a TitlesmithError `model-disposed`. May be called twice.
   */
  dispose(): Promise<void> {
    this.disposal.abort(disposedError());
    this.disposing ??= this.session.dispose();
    return this.disposing;
  }
}

/**
 * Opens a model for generation.
 * @param name a folder (of a run, of Hugging Face files, of gpt-2-simple), or 124M, 355M, 774M, 1558M, or a Hugging
 *   Face id, which is downloaded unless cached.
 * @throws TitlesmithError when an option is unknown or wrong, there is no such model, or its files are invalid.
 */
export async function loadModel(name: string, options: LoadModelOptions = {}): Promise<Model> {
  checkArgument('loadModel', 'name', name, isText);
  const { subreddit, guidanceScale, ...checked } = checkArguments('loadModel', options, loadArguments);
  const context = completeContext<WorkContext>('loadModel', checked.context);
  const question = { subreddit: subreddit?.toLowerCase(), guidanceScale };
  const { changed } = await askCommunity(name, question, () => {
    throw usageError(
      'loadModel: subreddit is of the base model alone.',
      'A model that is prompted by name takes its prompt as the prefix of generate.',
    );
  });
  if (subreddit === undefined) return new Model(await openForGeneration(name, checked, context));
  const opened = await openModelFiles(name, context);
  try {
    const model = changed(opened);
    return new Model(await openForGeneration(model, checked), await model.addedLogits?.());
  } finally {
    await opened.weights.close();
  }
}

/**
 * Creates a model from weights that are already open; the caller closes them.
 * @throws TitlesmithError when an option is unknown or wrong, or the weights are invalid.
 */
export async function createModel(model: OpenModel, options: ModelOptions = {}): Promise<Model> {
  checkArgument('createModel', 'model', model, hasKeys('model', 'configuration', 'tokenizer', 'weights'));
  return new Model(await openForGeneration(model, checkArguments('createModel', options, modelArguments)));
}

/** Options of {@link generate}; those left out are as in {@link generationDefaults}. */
export interface GenerateOptions extends Partial<GenerationOptions> {
  /** Stops the generation before the next token; the iterator then throws the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: WorkContext['onProgress'];
}

const generateArguments: ArgumentRules = {
  ...generationArguments,
  signal: isAbortSignal,
  onProgress: isFunction,
};

/**
 * Generates texts and yields each when it is finished, not in order of `index`. Calls for one model run one at a time: the
 * next starts when the iterator before has given its last text, failed, or returned (which `break` does).
 * @throws TitlesmithError `usage` before any work when an option is unknown or wrong; `model-disposed` once the model is
 *   disposed of; the signal's reason once it is aborted.
 */
export async function* generate(
  model: Model,
  options: GenerateOptions = {},
): AsyncGenerator<GeneratedText, void, undefined> {
  if (!(model instanceof Model))
    throw usageError(
      'generate needs a model.',
      'Open one with loadModel, and pass it as the first argument.',
    );
  const checked = checkArguments('generate', options, generateArguments);
  const { signal, onProgress = silentContext.onProgress, ...given } = checked;
  const { addedLogits } = model;
  const requested: GenerationOptions = { ...generationDefaults, addedLogits, ...withoutUndefined(given) };
  validateGenerationOptions(requested);
  const { session, disposal, release } = await model.acquire();
  const context: WorkContext = {
    onProgress,
    signal: signal ? AbortSignal.any([signal, disposal]) : disposal,
  };
  let missing = textCount(requested);
  try {
    for await (const text of textsOf(session, model.tokenizer, requested, context)) {
      missing -= 1;
      // Who takes the last text may never ask whether there is another.
      if (missing === 0) release();
      yield text;
    }
  } catch (error) {
    signal?.throwIfAborted();
    disposal.throwIfAborted();
    throw error;
  } finally {
    release();
  }
}

/**
 * What {@link generate} does, for those who bring a session and a tokenizer of their own. The session is left open.
 * @param options all that {@link generationDefaults} has.
 * @throws TitlesmithError `usage` before any work when an argument is unknown or wrong; InterruptedError between two steps
 *   once `context` asks to stop, finished texts being yielded.
 */
export async function* generateTexts(
  session: DecodeSession,
  tokenizer: Tokenizer,
  options: GenerationOptions,
  context: Partial<WorkContext> = {},
): AsyncGenerator<GeneratedText, void, undefined> {
  checkArgument('generateTexts', 'session', session, required(hasMethod('step', 'session')));
  checkArgument('generateTexts', 'tokenizer', tokenizer, required(hasMethod('encode', 'tokenizer')));
  const checked = checkArguments('generateTexts', options, generationArguments);
  const requested = { ...generationDefaults, ...withoutUndefined(checked) };
  yield* textsOf(session, tokenizer, requested, completeContext<WorkContext>('generateTexts', context));
}

/** How many texts are still to be generated. */
function textCount({ nsamples, prefixes, finished }: GenerationOptions): number {
  const total = nsamples * (prefixes?.length ?? 1);
  return total - [...(finished ?? [])].filter((index) => index < total).length;
}

export interface GenerateToFileOptions extends GenerateOptions {
  /** Written after every text and its line break. Default: gpt-2-simple's row of equals signs. */
  readonly sampleDelim?: string;
}

/**
 * Writes generated texts to a file in order of their index, each followed by a line break and the delimiter. The file
 * appears when it is complete.
 * @returns the number of texts written.
 * @throws TitlesmithError as `generate`, or when the file cannot be written; the signal's reason once it is aborted.
 */
export async function generateToFile(
  model: Model,
  path: string,
  options: GenerateToFileOptions = {},
): Promise<number> {
  checkArgument('generateToFile', 'path', path, isText);
  const rules = { ...generateArguments, sampleDelim: generationOptions.sampleDelim };
  const { sampleDelim = generationOptions.sampleDelim.default, ...rest } = checkArguments(
    'generateToFile',
    options,
    rules,
  );
  const file = await AtomicFile.create(path);
  let written = 0;
  try {
    for await (const { text } of inOrder(generate(model, rest))) {
      await file.write(`${text}\n${sampleDelim}`);
      written += 1;
    }
  } catch (error) {
    await file.abort();
    throw error;
  }
  await file.commit();
  return written;
}

/**
 * Downloads a model to the cache shared with Hugging Face's own tools, unless it is there already.
 * @param name 124M, 355M, 774M, 1558M, distil, smollm2, smollm2-360M, or `owner/name[@revision]`.
 * @returns the repository and its commit, as one line.
 * @throws TitlesmithError when the model is unavailable; InterruptedError when the signal is aborted.
 */
export async function downloadModel(name: string, context: Partial<WorkContext> = {}): Promise<string> {
  checkArgument('downloadModel', 'name', name, isText);
  const { weights, source } = await openModel(name, completeContext<WorkContext>('downloadModel', context));
  await weights.close();
  return source.description;
}

/**
 * Whether a model can be opened without network access, because it is a folder or cached. Uses no network itself.
 * @param name as for {@link downloadModel}, or a folder.
 * @throws TitlesmithError `usage` when the name is not that of a model.
 */
export async function isDownloaded(name: string): Promise<boolean> {
  checkArgument('isDownloaded', 'name', name, isText);
  try {
    const { missingBytes } = await locateModel(name, { ...hubSettings(), offline: true });
    return missingBytes === 0;
  } catch (error) {
    const isAbsent =
      error instanceof TitlesmithError && ['hub-offline', 'model-folder-missing'].includes(error.code);
    if (isAbsent) return false;
    throw error;
  }
}
