import { existsSync, realpathSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { TitlesmithError, usageError } from '../../common/errors.js';
import type { ProgressListener } from '../../common/progress.js';
import { baseName } from '../../model/weights/base-model.js';
import { type HubSettings, hubSettings } from '../../model/weights/hub/settings.js';
import { type LocatedModel, locateModel, questionToHub } from '../../model/weights/resolve-model.js';
import { scratchName } from '../../options/option-rules.js';
import type { RunOptions } from '../../options/option-table.js';
import { flagOf } from '../../options/option-values.js';
import type { Decision, Manifest } from '../../run/manifest.js';
import { decideSizes, describeSizes, type GivenSizes } from '../../run/model-sizes.js';
import { nearRunHint } from '../run/named-run.js';
import { decidedDevice } from './device.js';

/** The pretrained model that `auto` prefers on a card: the smallest GPT-2. */
const preferredModel = '124M';

/** How long `auto` waits for the hub to answer. */
const hubTimeoutMs = 3000;

/** What the choice of a model depends on, besides its name. */
interface ModelCircumstances {
  /** The decided source; undefined if it is not known. */
  readonly source: string | undefined;
  /** The device that trains. */
  readonly device: Decision;
  /** Default: from the environment. */
  readonly settings?: HubSettings;
}

function toDecision(choice: string, reason: string, located: LocatedModel): Decision {
  const { description, hash } = located;
  return { choice, reason, description, hash };
}

/**
 * Chooses the model to train. Checks that it is available, but downloads nothing yet. `auto` is GPT-2 124M
 * on a graphics card, if it is cached or the hub answers within {@link hubTimeoutMs}, but for the bundled sample; else the
 * base model that ships with titlesmith.
 * @throws TitlesmithError when the named model is unavailable: it is never replaced by another.
 */
export async function decideModel(
  model: string,
  onProgress: ProgressListener,
  { source, device, settings = hubSettings() }: ModelCircumstances,
): Promise<Decision> {
  const byName = `named with ${flagOf('model')}`;
  if (model === 'nano') return { choice: 'nano', reason: byName };
  const onWarning = (message: string): void => onProgress({ kind: 'warning', message });
  if (model !== 'auto') {
    const asked = questionToHub(model, settings);
    if (asked !== undefined) onProgress({ kind: 'note', message: asked });
    return toDecision(model, byName, await locateModel(model, settings, onWarning));
  }
  const base = async (why: string): Promise<Decision> => {
    const reason = `a GPT-2 of 17 million parameters that has read Reddit's titles and ships with titlesmith; ${why}`;
    return toDecision(baseName, reason, await locateModel(baseName, settings, onWarning));
  };
  if (source === 'sample') {
    return base(
      `the synthetic sample needs no larger one; ${flagOf('model')} nano takes a quarter of the time`,
    );
  }
  if (decidedDevice(device).device === 'cpu') {
    return base(
      `${flagOf('model')} ${preferredModel} has read web pages of every kind, but takes several times as long on a processor`,
    );
  }
  try {
    const stallTimeoutMs = Math.min(settings.stallTimeoutMs, hubTimeoutMs);
    const quick = { ...settings, stallTimeoutMs, retries: 0 };
    const located = await locateModel(preferredModel, quick, onWarning);
    return toDecision(preferredModel, `pretrained, from ${located.description}`, located);
  } catch (error) {
    if (!(error instanceof TitlesmithError)) throw error;
    return base(`GPT-2 ${preferredModel} cannot be had: ${error.message}`);
  }
}

/**
 * The model of a run that was trained already. What `auto` chose then is kept, since a change in network access is no reason to
 * discard a checkpoint, unless the titles change from the synthetic sample to another source, or back. A training that goes
 * on with the run's last checkpoint keeps the model that the checkpoint began with.
 * @param source the source decided now.
 * @throws TitlesmithError `usage` when --model names another one beside --restore-from latest.
 */
export function keptModel(
  { decisions, options: recorded, stages }: Pick<Manifest, 'decisions' | 'options' | 'stages'>,
  options: Pick<RunOptions, 'model' | 'restoreFrom'>,
  decidedNow: Decision,
  source = decisions.source?.choice,
): Decision {
  checkKeptModel({ decisions, options: recorded, stages }, options);
  const earlier = decisions.model;
  if (earlier && goesOn(stages, options)) {
    if (
      isAsked(recorded, options) &&
      (decidedNow.choice !== earlier.choice || decidedNow.hash !== earlier.hash)
    )
      throw otherModel(earlier, options);
    return earlier;
  }
  const model = requestedModel(options);
  const wasAutomatic = model === 'auto' && recorded['model'] === 'auto' && stages.finetune !== undefined;
  const isAlike = (decisions.source?.choice === 'sample') === (source === 'sample');
  return wasAutomatic && isAlike && earlier ? earlier : decidedNow;
}

const goesOn = (
  { finetune }: Manifest['stages'],
  { restoreFrom }: Pick<RunOptions, 'restoreFrom'>,
): boolean => restoreFrom === 'latest' && finetune?.status === 'done';

/** Whether a call asks for another model than the run's recorded option names. */
const isAsked = (recorded: Manifest['options'], { model }: Pick<RunOptions, 'model'>): boolean =>
  model !== 'auto' && model !== recorded['model'];

function otherModel(earlier: Decision, { model }: Pick<RunOptions, 'model'>): TitlesmithError {
  return usageError(
    `${flagOf('restoreFrom')} latest goes on with this run's checkpoint, which began with ${earlier.choice}, and not with ${flagOf('model')} ${model}.`,
    `Leave ${flagOf('model')} out, or begin with it by ${flagOf('restoreFrom')} fresh.`,
  );
}

/**
 * What {@link keptModel} refuses and can be known by name alone, before the hub is asked for the model.
 * @throws TitlesmithError `usage` when --model names another one beside --restore-from latest.
 */
export function checkKeptModel(
  { decisions, options: recorded, stages }: Pick<Manifest, 'decisions' | 'options' | 'stages'>,
  options: Pick<RunOptions, 'model' | 'restoreFrom'>,
): void {
  const earlier = decisions.model;
  if (earlier && goesOn(stages, options) && isAsked(recorded, options) && options.model !== earlier.choice)
    throw otherModel(earlier, options);
}

/**
 * The model to start from by `--model` and `--restore-from`. As in gpt-2-simple, a checkpoint path takes precedence over
 * the model's name.
 * @throws TitlesmithError `usage` when there is nothing at that path.
 */
export function requestedModel({ model, restoreFrom }: Pick<RunOptions, 'model' | 'restoreFrom'>): string {
  if (restoreFrom === undefined || restoreFrom === 'latest' || restoreFrom === 'fresh') return model;
  if (existsSync(restoreFrom) || existsSync(`${restoreFrom}.index`)) return restoreFrom;
  throw usageError(
    `${flagOf('restoreFrom')} got ${JSON.stringify(restoreFrom)}, which is neither latest nor fresh nor the path of a checkpoint: there is nothing of that name in ${process.cwd()}.`,
    nearRunHint(restoreFrom),
  );
}

/**
 * {@link decideModel} for the {@link requestedModel}.
 * @throws TitlesmithError when the named model is unavailable.
 */
export async function decideStartingModel(
  options: Pick<RunOptions, 'model' | 'restoreFrom'> & GivenSizes,
  onProgress: ProgressListener,
  circumstances: ModelCircumstances,
): Promise<Decision> {
  const model = requestedModel(options);
  const sizes = model === scratchName ? decideSizes(model, options) : undefined;
  if (sizes) return { choice: model, reason: `a GPT-2 of ${describeSizes(sizes)}, trained from scratch` };
  const decision = await decideModel(model, onProgress, circumstances);
  if (model === options.model) return decision;
  return { ...decision, reason: `named with ${flagOf('restoreFrom')}` };
}

const realPath = (path: string): string => (existsSync(path) ? realpathSync(path) : resolve(path));

function liesIn(runFolder: string, path: string): boolean {
  if (!existsSync(path)) return false;
  const [own, start] = [realPath(runFolder), realPath(path)];
  return start === own || start.startsWith(own + sep);
}

/**
 * The options of a run, where a checkpoint of the run itself is named by --restore-from: that is its latest.
 * @throws TitlesmithError `usage` when --model names it, as each training would then be one from another model.
 */
export function withOwnCheckpoint(runFolder: string, options: RunOptions): RunOptions {
  const { model, restoreFrom } = options;
  if (liesIn(runFolder, model)) {
    throw usageError(
      `${flagOf('model')} ${model} belongs to this run, whose checkpoint a training replaces.`,
      `Go on from it with ${flagOf('restoreFrom')} latest, or name another run with ${flagOf('runName')}.`,
    );
  }
  if (restoreFrom === undefined || !liesIn(runFolder, restoreFrom)) return options;
  return { ...options, restoreFrom: 'latest' };
}
