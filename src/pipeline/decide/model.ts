import { existsSync, realpathSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { TitlesmithError, usageError } from '../../common/errors.js';
import type { ProgressListener } from '../../common/progress.js';
import { type HubSettings, hubSettings } from '../../model/weights/hub/settings.js';
import { type LocatedModel, locateModel } from '../../model/weights/resolve-model.js';
import type { RunOptions } from '../../options/option-table.js';
import { flagOf } from '../../options/option-values.js';
import type { Decision, Manifest } from '../run/manifest.js';

/** The pretrained model that `auto` prefers: the smallest GPT-2. */
const preferredModel = '124M';

/** How long the hub may take to answer before `auto` goes on without it. */
const hubTimeoutMs = 3000;

function toDecision(choice: string, reason: string, located: LocatedModel): Decision {
  const { description, hash } = located;
  return { choice, reason, description, hash };
}

/**
 * The model a run trains, and why. Nothing is downloaded yet, but it is known that it can be. `auto` is nano for the
 * bundled sample, else GPT-2 124M where it is cached or the hub answers within seconds, else nano.
 * @param source the source decided, where it is known.
 * @throws TitlesmithError when the model named cannot be had: a model given by name never becomes another.
 */
export async function decideModel(
  model: string,
  onProgress: ProgressListener,
  settings: HubSettings = hubSettings(),
  source?: string,
): Promise<Decision> {
  const byName = `named with ${flagOf('model')}`;
  if (model === 'nano') return { choice: 'nano', reason: byName };
  const onWarning = (message: string): void => onProgress({ kind: 'warning', message });
  if (model !== 'auto') return toDecision(model, byName, await locateModel(model, settings, onWarning));
  if (source === 'sample') {
    const reason = `a small GPT-2 trained from scratch, enough for the synthetic sample; ${flagOf('model')} ${preferredModel} for a real one`;
    return { choice: 'nano', reason };
  }
  try {
    const stallTimeoutMs = Math.min(settings.stallTimeoutMs, hubTimeoutMs);
    const quick = { ...settings, stallTimeoutMs, retries: 0 };
    const located = await locateModel(preferredModel, quick, onWarning);
    return toDecision(preferredModel, `pretrained, from ${located.description}`, located);
  } catch (error) {
    if (!(error instanceof TitlesmithError)) throw error;
    const reason = `a small GPT-2 trained from scratch, as GPT-2 ${preferredModel} cannot be had: ${error.message}`;
    return { choice: 'nano', reason };
  }
}

/**
 * The model of a run that may have one already: what `auto` decided when the run was trained stays, since a network
 * that came or went is no reason to throw a checkpoint away. A model for the synthetic sample is none for titles of
 * another source, nor the other way round.
 * @param source the source decided now, where titles may come from another one than before.
 */
export function keptModel(
  { decisions, options, stages }: Pick<Manifest, 'decisions' | 'options' | 'stages'>,
  model: string,
  decidedNow: Decision,
  source = decisions.source?.choice,
): Decision {
  const earlier = decisions.model;
  const wasAutomatic = model === 'auto' && options['model'] === 'auto' && stages.finetune !== undefined;
  const isAlike = (decisions.source?.choice === 'sample') === (source === 'sample');
  return wasAutomatic && isAlike && earlier ? earlier : decidedNow;
}

/**
 * What `--model` and `--restore-from` together ask to start from: as with gpt-2-simple, weights named by their path come
 * before any model.
 * @throws TitlesmithError `usage` when there is nothing at that path.
 */
export function requestedModel({ model, restoreFrom }: Pick<RunOptions, 'model' | 'restoreFrom'>): string {
  if (restoreFrom === undefined || restoreFrom === 'latest' || restoreFrom === 'fresh') return model;
  if (existsSync(restoreFrom) || existsSync(`${restoreFrom}.index`)) return restoreFrom;
  throw usageError(
    `${flagOf('restoreFrom')} got ${JSON.stringify(restoreFrom)}, which is neither latest nor fresh nor the path of a checkpoint.`,
  );
}

/**
 * The model a run starts from, and why: {@link decideModel} of {@link requestedModel}.
 * @param source the source decided, where it is known.
 * @throws TitlesmithError when the model named cannot be had.
 */
export async function decideStartingModel(
  options: Pick<RunOptions, 'model' | 'restoreFrom'>,
  onProgress: ProgressListener,
  source: string | undefined,
): Promise<Decision> {
  const model = requestedModel(options);
  const decision = await decideModel(model, onProgress, undefined, source);
  if (model === options.model) return decision;
  return { ...decision, reason: `named with ${flagOf('restoreFrom')}` };
}

const realPath = (path: string): string => (existsSync(path) ? realpathSync(path) : resolve(path));

/**
 * Refuses to train from weights that lie in the run to be trained, as training anew begins with removing them.
 * @throws TitlesmithError `usage` naming the folder.
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
