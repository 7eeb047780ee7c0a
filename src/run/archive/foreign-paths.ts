import { namesFolder, parseHubId } from '../../model/weights/published-models.js';
import type { Manifest } from '../manifest.js';

/**
 * What stands before the name of a file or folder that a run read on the machine where it was made. No path begins so:
 * the name is told, and nothing can be read by it.
 */
const foreignMark = 'imported:';

/** A manifest that names nothing outside its run folder, and what was taken out of it. */
interface OwnManifest {
  readonly manifest: Manifest;
  /** One line each, for people. */
  readonly notes: readonly string[];
}

/** What is told of a path of another machine, or of a browser: `/home/me/titles.csv` → `imported:titles.csv`. */
export function foreignName(path: string): string {
  if (path.startsWith(foreignMark) && !/[\\/]/.test(path)) return path;
  const parts = path.split(/[\\/]+/).filter((part) => part !== '' && part !== '.' && part !== '..');
  return foreignMark + (parts.at(-1) ?? '');
}

/**
 * The manifest of an imported run without paths that a later stage would read: those of its prefixes and of a checkpoint to
 * start from go, those of its input and of the model it was trained from are replaced by names that cannot be opened. All
 * else that a stage reads lies in the run folder.
 */
export function withoutForeignPaths(manifest: Manifest): OwnManifest {
  const { options, decisions } = manifest;
  const changes: Record<string, unknown> = {};
  const notes: string[] = [];
  for (const name of ['prefixFile', 'restoreFrom'] as const) {
    const path = options[name];
    if (typeof path !== 'string') continue;
    changes[name] = null;
    notes.push(`${name} ${path} is not taken over: it names a file of the machine where the run was made.`);
  }
  const inputs = [options['input'] ?? []].flat().map(String);
  if (inputs.some((path) => foreignName(path) !== path)) changes['input'] = inputs.map(foreignName);
  const sentenceModel = options['semanticModel'];
  if (typeof sentenceModel === 'string' && parseHubId(sentenceModel) === undefined)
    changes['semanticModel'] = foreignName(sentenceModel);
  const model = options['model'];
  const isFolder = typeof model === 'string' && namesFolder(model) && foreignName(model) !== model;
  if (isFolder) changes['model'] = foreignName(model);
  const start = decisions.model;
  const startsInFolder =
    start !== undefined && namesFolder(start.choice) && foreignName(start.choice) !== start.choice;
  if (isFolder || startsInFolder) {
    const path = isFolder ? model : start!.choice;
    notes.push(
      `The model ${path} is of the machine where the run was made: to train again, name one with --model.`,
    );
  }
  if (Object.keys(changes).length === 0 && !startsInFolder) return { manifest, notes };
  const ownModel = startsInFolder ? { model: { ...start, choice: foreignName(start.choice) } } : {};
  return {
    manifest: { ...manifest, options: { ...options, ...changes }, decisions: { ...decisions, ...ownModel } },
    notes,
  };
}
