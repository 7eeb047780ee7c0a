import { existsSync } from 'node:fs';
import { usageError } from '../common/errors.js';
import { namesFolder } from '../model/weights/published-models.js';
import { findRun, isPlainName, nearRunHint } from '../pipeline/run/named-run.js';
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
      return { ...request, folder: namesFolder(request.folder) ? runAt(request.folder) : request.folder };
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

/** The path of a run that is named; what names none is refused by the command, which knows what it wants. */
const runAt = (word: string): string => findRun(word) ?? word;

function modelAt(word: string): string {
  if (!namesFolder(word) || existsSync(`${word}.index`)) return word;
  const run = findRun(word);
  if (run !== undefined || !isPlainName(word) || word.endsWith('.gguf')) return run ?? word;
  throw usageError(
    `${JSON.stringify(word)} is no run, no known model, no folder and no Hugging Face id (owner/name).`,
    nearRunHint(word) ?? 'titlesmith list names the runs that there are, titlesmith models the models.',
  );
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
