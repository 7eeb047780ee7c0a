import { existsSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type TitlesmithError, usageError } from '../common/errors.js';
import { namesFolder } from '../model/weights/published-models.js';
import { findRun, isPlainName, nearRunHint } from '../pipeline/run/named-run.js';
import { manifestFileName } from '../run/manifest.js';
import { looksLikeTitles } from './parsing/familiar-words.js';
import type { Request } from './parsing/request.js';

/**
 * A request whose runs are paths: where a run is asked for and no such path is there, its name stands for it, as in
 * `titlesmith show mine` for `runs/mine`. Names of models, such as 124M, stay models where both may be meant.
 * @throws TitlesmithError `usage` where a plain word names neither a run nor a model, nor a path that is there.
 */
export function withNamedRuns(request: Request): Request {
  switch (request.command) {
    case 'show':
    case 'review':
    case 'archive':
      return { ...request, folder: runAt(request.folder) };
    case 'compare':
    case 'plot':
    case 'prune':
      return { ...request, folders: request.folders.map(runAt) };
    case 'info':
    case 'score':
    case 'export':
      return { ...request, model: modelAt(request.model) };
    case 'serve':
      return { ...request, models: request.models.map(servedAt) };
    case 'generate':
      return { ...request, folder: generatorAt(request.folder) };
    case 'extract':
    case 'dataset':
    case 'dedupe':
    case 'report':
      return { ...request, folder: runAt(request.folder) };
    case 'finetune':
      return { ...request, folder: runAt(request.folder), options: startingWeights(request.options) };
    case 'pipeline':
      return { ...request, options: startingWeights(request.options) };
    default:
      return request;
  }
}

/**
 * The path of a run that is named; what names none is refused by the command, which knows what it wants.
 * @throws TitlesmithError `usage` where it is a file.
 */
function runAt(word: string): string {
  if (isFile(word)) throw fileForRun(word, 'run');
  return findRun(word) ?? word;
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    // Whatever is in the way of a path, the command that reads it says.
    return false;
  }
}

/** The error where a run or a model is asked for, and a file is named that is neither: what may have been meant. */
function fileForRun(path: string, what: 'run' | 'model'): TitlesmithError {
  const says = `${path} is a file, not a ${what}.`;
  if (basename(path) === manifestFileName) return usageError(says, `Name its folder: ${dirname(path)}.`);
  if (/\.tar(\.(gz|zst))?$|\.tgz$/i.test(path))
    return usageError(says, `titlesmith import ${path} makes a run of an archive.`);
  const hint = 'titlesmith list names the runs that there are.';
  if (!looksLikeTitles(path)) return usageError(says, hint);
  return usageError(says, `titlesmith pipeline --input ${path} makes a run of a file of titles; ${hint}`);
}

function modelAt(word: string): string {
  if (isFile(word) && (looksLikeTitles(word) || basename(word) === manifestFileName))
    throw fileForRun(word, 'model');
  if (!namesFolder(word) || existsSync(`${word}.index`)) return word;
  const run = findRun(word);
  if (run !== undefined || !isPlainName(word) || word.endsWith('.gguf')) return run ?? word;
  throw usageError(
    `${JSON.stringify(word)} is no run, no known model, no folder and no Hugging Face id (owner/name).`,
    nearRunHint(word) ?? 'titlesmith list names the runs that there are, titlesmith models the models.',
  );
}

/** A run or any model: what names neither is refused by the command. */
function generatorAt(word: string): string {
  if (isFile(word)) return modelAt(word);
  return namesFolder(word) ? runAt(word) : word;
}

/** Behind the `NAME=` by which clients are to call it, or alone. */
function servedAt(word: string): string {
  const [, name, model] = /^([^=]*)=([\s\S]+)$/.exec(word) ?? [];
  if (name === undefined || model === undefined || existsSync(word)) return modelAt(word);
  return `${name}=${modelAt(model)}`;
}

interface StartingWeights {
  readonly model?: string;
  readonly restoreFrom?: string;
  readonly runsDir?: string;
}

/** A training may begin with the weights of another run. */
function startingWeights<Options extends StartingWeights>(options: Options): Options {
  const at = (word: string): string => (namesFolder(word) ? (findRun(word, options.runsDir) ?? word) : word);
  const { model, restoreFrom } = options;
  return {
    ...options,
    ...(model === undefined ? {} : { model: at(model) }),
    ...(restoreFrom === undefined || ['latest', 'fresh'].includes(restoreFrom)
      ? {}
      : { restoreFrom: at(restoreFrom) }),
  };
}
