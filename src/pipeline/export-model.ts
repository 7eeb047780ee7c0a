import { readdir, rename, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileError, systemErrorCode, TitlesmithError, usageError } from '../common/errors.js';
import type { WorkContext } from '../common/progress.js';
import { writeTrainedCondition } from '../data/trained-condition.js';
import { temporaryName } from '../io/byte-folder.js';
import { makeFolder, missingFolders, removeEmptyFolders } from '../io/folders.js';
import { parameterSpecifications } from '../model/transformer/parameters.js';
import { loadWeights } from '../model/transformer/weight-source.js';
import { writeModelDescription, writeWeights } from '../model/weights/checkpoint.js';
import { exportGgufFolder } from '../model/weights/gguf/write-gguf.js';
import { exportOnnxFolder } from '../model/weights/onnx-folder.js';
import type { OpenModel } from '../model/weights/open-model.js';
import { openModel } from '../model/weights/resolve-model.js';
import { type ArgumentRules, checkArguments, completeContext, isText } from '../options/call-arguments.js';
import { type ExportFormat, exportFormats, type GgufType } from '../options/choices.js';
import { generationOptions } from '../options/table/generation.js';
import { singleCommandOptions } from '../options/table/single-commands.js';
import { askCommunity } from './stages/base-communities.js';
import { readModelCondition } from './stages/model-condition.js';

export interface ExportRequest {
  /** A run folder, or any value of `--model` except auto and nano. */
  readonly model: string;
  readonly format: ExportFormat;
  /** Type of the matrices where the format is gguf; f16 where left out. */
  readonly ggufType?: GgufType | undefined;
  /** A community that the base model is to write for, by name: its weights are exported so. Default: none in particular. */
  readonly subreddit?: string | undefined;
  /** How far it is guided to that community: see `--guidance-scale`. Default: 1.5. */
  readonly guidanceScale?: number | undefined;
  /** A folder that is empty or does not exist yet. */
  readonly output: string;
}

const exportArguments: ArgumentRules = {
  model: isText,
  format: {
    accepts: (value) => exportFormats.some((name) => name === value),
    fault: `is none of ${exportFormats.join(', ')}`,
    required: true,
  },
  ggufType: singleCommandOptions.ggufType,
  subreddit: generationOptions.promptSubreddit,
  guidanceScale: generationOptions.guidanceScale,
  output: isText,
};

/** Where a model is written until it is complete, in its folder. */
const unfinishedFolder = temporaryName('model');

async function refuseOccupied(folder: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    throw fileError('write to', folder, error);
  }
  if (names.every((name) => name === unfinishedFolder)) return;
  throw new TitlesmithError(`${folder} is not empty; an export overwrites nothing.`, {
    code: 'export-occupied',
    hint: 'Name another folder with --output.',
  });
}

async function writeHuggingFace(model: OpenModel, folder: string, context: WorkContext): Promise<void> {
  const { configuration, tokenizer, weights } = model;
  const store = await loadWeights(weights, parameterSpecifications(configuration), context);
  await writeModelDescription(folder, configuration, tokenizer);
  await writeWeights(folder, configuration, (name) => store.views.get(name)!);
}

/** What a GGUF calls the model: the last part of its path or id. */
const nameOf = (model: string): string => basename(resolve(model)).replace(/\.gguf$/i, '');

/** Fills a folder once all its files are written. Where that fails, nothing is left of it. */
async function writeWhole(output: string, write: (folder: string) => Promise<void>): Promise<void> {
  const made = missingFolders(output);
  const unfinished = join(output, unfinishedFolder);
  try {
    await rm(unfinished, { recursive: true, force: true });
    await makeFolder(unfinished);
    await write(unfinished);
    for (const name of await readdir(unfinished)) await rename(join(unfinished, name), join(output, name));
  } catch (error) {
    throw fileError('write to', output, error);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
    await removeEmptyFolders(made);
  }
}

/**
 * Converts a model: `onnx` for ONNX Runtime and transformers.js, `huggingface` for transformers, `gguf` for llama.cpp. A
 * run's checkpoint is in Hugging Face's format already; a TensorFlow checkpoint is converted to it.
 * @returns a one-line description of what was exported.
 * @throws TitlesmithError when an argument is unknown or wrong, there is no such model, the folder is not empty, or a file cannot be written;
 *   InterruptedError when the signal is aborted.
 */
export async function exportModel(request: ExportRequest, given: Partial<WorkContext> = {}): Promise<string> {
  const {
    model,
    format,
    output,
    subreddit,
    guidanceScale,
    ggufType = singleCommandOptions.ggufType.default,
  } = checkArguments('exportModel', request, exportArguments);
  const context = completeContext<WorkContext>('exportModel', given);
  const question = { subreddit: subreddit?.toLowerCase(), guidanceScale };
  const byPrompt = (name: string): never => {
    throw usageError(
      `Only the base model has weights of its own for r/${name}; others are prompted by name.`,
      'Leave the subreddit out.',
    );
  };
  const { changed } = await askCommunity(model, question, byPrompt, context);
  await refuseOccupied(output);
  const condition = await readModelCondition(model);
  const { source, ...opened } = await openModel(model, context);
  try {
    const exported = changed(opened);
    await writeWhole(output, async (folder) => {
      if (format === 'onnx') await exportOnnxFolder(exported, folder, context);
      else if (format === 'gguf')
        await exportGgufFolder(exported, folder, { name: nameOf(model), type: ggufType }, context);
      else await writeHuggingFace(exported, folder, context);
      if (condition) await writeTrainedCondition(folder, condition);
    });
  } finally {
    await opened.weights.close();
  }
  return source.description;
}
