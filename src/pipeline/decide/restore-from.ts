import { existsSync, realpathSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { usageError } from '../../common/errors.js';
import type { ProgressListener } from '../../common/progress.js';
import type { RunOptions } from '../../options/option-table.js';
import { flagOf } from '../../options/options.js';
import type { Decision } from '../run/manifest.js';
import { decideModel } from './model.js';

/**
 * What `--model` and `--restore-from` together ask to start from: as with gpt-2-simple, weights named by their path come
 * before any model.
 * @throws TitlesmithError (exit code 2) when there is nothing at that path.
 */
export function wishedModel({ model, restoreFrom }: Pick<RunOptions, 'model' | 'restoreFrom'>): string {
  if (restoreFrom === undefined || restoreFrom === 'latest' || restoreFrom === 'fresh') return model;
  if (existsSync(restoreFrom) || existsSync(`${restoreFrom}.index`)) return restoreFrom;
  throw usageError(
    `${flagOf('restoreFrom')} got ${JSON.stringify(restoreFrom)}, which is neither latest nor fresh nor the path of a checkpoint.`,
  );
}

/**
 * The model a run starts from, and why: {@link decideModel} of {@link wishedModel}.
 * @param source the source decided, where it is known.
 * @throws TitlesmithError when the model named cannot be had.
 */
export async function decideStart(
  options: Pick<RunOptions, 'model' | 'restoreFrom'>,
  onProgress: ProgressListener,
  source: string | undefined,
): Promise<Decision> {
  const model = wishedModel(options);
  const decision = await decideModel(model, onProgress, undefined, source);
  if (model === options.model) return decision;
  return { ...decision, reason: `named with ${flagOf('restoreFrom')}` };
}

const realPath = (path: string): string => (existsSync(path) ? realpathSync(path) : resolve(path));

/**
 * Refuses to train from weights that lie in the run to be trained, as training anew begins with removing them.
 * @throws TitlesmithError (exit code 2) naming the folder.
 */
export function refuseOwnModel(runFolder: string, model: Decision | undefined): void {
  if (model === undefined || !existsSync(model.choice)) return;
  const [own, start] = [realPath(runFolder), realPath(model.choice)];
  if (start !== own && !start.startsWith(own + sep)) return;
  throw usageError(
    `Training cannot start from ${model.choice}: it belongs to this run, whose checkpoint is removed first.`,
    'Name another run with --run-name, or copy the checkpoint elsewhere.',
  );
}
