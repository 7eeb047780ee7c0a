import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TitlesmithError } from '../common/errors.js';
import { manifestFileName } from '../run/manifest.js';
import { runFiles } from '../run/run-files.js';

/** What was named on the command line, or stands in a folder that was. */
export interface NamedModel {
  /** As any value of `--model`. */
  readonly model: string;
  /** What clients are to call it; default: as its run, or itself, is called. */
  readonly name?: string;
}

/** The models that a word names. */
interface NamedModels {
  readonly named: readonly NamedModel[];
  /** The runs among them that were not trained yet. */
  readonly skipped: readonly string[];
  /** Whether the word names a folder of runs. */
  readonly isFolder: boolean;
}

/**
 * The models that a word names: one, `NAME=` before it or not, or the runs in a folder.
 * @throws TitlesmithError for a folder of runs none of which was trained.
 */
export async function namedModels(word: string): Promise<NamedModels> {
  const [, name, path] = /^([^=]*)=([\s\S]+)$/.exec(word) ?? [];
  if (name !== undefined && path !== undefined && !existsSync(word))
    return { named: [{ model: path, name }], skipped: [], isFolder: false };
  const runs = await runsIn(word);
  if (runs.length === 0) return { named: [{ model: word }], skipped: [], isFolder: false };
  const named = runs.filter(isTrained).map((model) => ({ model }));
  if (named.length === 0) {
    throw new TitlesmithError(`${word} holds ${runs.length} runs, but none with a model.`, {
      code: 'model-folder',
      hint: 'Run titlesmith pipeline or finetune for one first.',
    });
  }
  return { named, skipped: runs.filter((run) => !isTrained(run)), isFolder: true };
}

/** Whether a run has a model: the one that a training finished, as unfinished ones are elsewhere. */
export const isTrained = (run: string): boolean => existsSync(join(run, runFiles.checkpoint));

/** The runs in a folder that is itself no run and no model, by name. */
export async function runsIn(folder: string): Promise<readonly string[]> {
  if (existsSync(join(folder, manifestFileName))) return [];
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch {
    // No folder: a name of `--model`, or nothing that there is, which is refused where it is opened.
    return [];
  }
  const runs = names
    .map((name) => join(folder, name))
    .filter((run) => existsSync(join(run, manifestFileName)));
  return runs.sort();
}
