import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { about, fileError, TitlesmithError, usageError } from '../common/errors.js';
import { formatBytes } from '../common/number-formats.js';
import { adapterBytes } from '../model/transformer/adapters.js';
import type { TransformerConfiguration } from '../model/transformer/configuration.js';
import { findModelFolder } from '../model/weights/model-folder.js';
import { parseModelName, publishedShape } from '../model/weights/model-name.js';
import { checkArgument, isText } from '../options/call-arguments.js';
import type { ServeOptions } from '../options/option-table.js';
import { groupsOf } from '../serve/model-groups.js';
import { assertNames } from '../serve/model-names.js';
import type { ServedModel, ServeSettings } from '../serve/served-model.js';
import { checkServingMemory, slotsBytes, titleBytes, weightBytes } from './decide/serving-memory.js';
import { describeServedModel, openServedModel, readServeOptions } from './open-served-model.js';
import { manifestFileName } from './run/manifest.js';
import { runFiles } from './run/run-files.js';
import { decideServeSettings } from './serve-settings.js';
import { type DescribedModel, shareWeights } from './shared-weights.js';

/** Everything needed to start a server of several models, and the reasons for what was decided. */
export interface OpenedServedModels {
  /** At least one, each of another name. */
  readonly served: readonly ServedModel[];
  readonly settings: ServeSettings;
  /** One line each. */
  readonly reasons: readonly string[];
}

/** What was named on the command line, or stands in a folder that was. */
interface NamedModel {
  /** As any value of `--model`. */
  readonly model: string;
  /** What clients are to call it; default: as its run, or itself, is called. */
  readonly name?: string;
}

/**
 * Opens models to be served side by side: runs, folders of runs, or any value of `--model`, each with `NAME=` before it
 * where clients are to call it so. One model alone is opened as `openServedModel` does.
 * @param overrides as for `openServedModel`; `name` is for one model alone.
 * @throws TitlesmithError naming the model that cannot be served; `memory` where all of them take more than is free.
 */
export async function openServedModels(
  models: readonly string[],
  overrides: Partial<ServeOptions> = {},
  environment: NodeJS.ProcessEnv = process.env,
): Promise<OpenedServedModels> {
  for (const model of models.length === 0 ? [undefined] : models)
    checkArgument('openServedModels', 'models', model, isText);
  const named: NamedModel[] = [];
  const skipped: string[] = [];
  for (const word of models) {
    const found = await namedModels(word);
    named.push(...found.named);
    skipped.push(...found.skipped);
  }
  if (models.length === 1 && named.length === 1 && skipped.length === 0) {
    const { model, name } = named[0]!;
    const opened = await openServedModel(model, { ...overrides, ...(name ? { name } : {}) }, environment);
    assertNames([opened.served]);
    return { ...opened, served: [opened.served] };
  }
  const options = readServeOptions('openServedModels', overrides);
  if (options.name !== undefined)
    throw usageError('--name is for one model.', 'Put a name before each: titlesmith serve NAME=MODEL.');
  const reasons = skipped.map((path) => `skipped: ${path} (a run that was not trained yet)`);
  const all: DescribedModel[] = [];
  for (const { model, name } of named) {
    const described = await naming(model, () => describeServedModel(model, { ...options, name }));
    all.push(described);
    reasons.push(...described.stale.map((line) => `${described.served.name}: ${line}`));
  }
  const own = all.map(({ served: each }) => each);
  assertNames(own);
  const precisions = new Set(own.map(({ precision }) => precision));
  const decided = await decideServeSettings(
    options,
    precisions.has('float16') ? 'float16' : own[0]!.precision,
    environment,
  );
  const isOnCard = decided.settings.device.device !== 'cpu';
  const shared = isOnCard ? { served: own, reasons: [] } : await shareWeights(all);
  const { served } = shared;
  reasons.push(...shared.reasons);
  const stated = await statedMemory(served, decided.settings);
  return { served, settings: decided.settings, reasons: [...decided.reasons, ...stated, ...reasons] };
}

/** The models that a word names: one, or the runs in a folder; and the runs in it that have no model. */
async function namedModels(
  word: string,
): Promise<{ readonly named: readonly NamedModel[]; readonly skipped: readonly string[] }> {
  const [, name, path] = /^([^=]*)=([\s\S]+)$/.exec(word) ?? [];
  if (name !== undefined && path !== undefined && !existsSync(word))
    return { named: [{ model: path, name }], skipped: [] };
  const runs = await runsIn(word);
  if (runs.length === 0) return { named: [{ model: word }], skipped: [] };
  const isTrained = (run: string): boolean => existsSync(join(run, runFiles.checkpoint));
  const named = runs.filter(isTrained).map((model) => ({ model }));
  if (named.length === 0) {
    throw new TitlesmithError(`${word} holds ${runs.length} runs, but none with a model.`, {
      code: 'model-folder',
      hint: 'Run titlesmith pipeline or finetune for one first.',
    });
  }
  return { named, skipped: runs.filter((run) => !isTrained(run)) };
}

/** The runs in a folder that is itself no run and no model, by name. */
async function runsIn(folder: string): Promise<readonly string[]> {
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

/** Does something for a model; an error that does not say which model it is of is made to. */
async function naming<Result>(model: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw about(model, fileError('read', model, error));
  }
}

/**
 * What all models take together, as lines: the memory, and which of them share weights.
 * @throws TitlesmithError as {@link checkServingMemory}, and naming a model whose files cannot be read.
 */
async function statedMemory(served: readonly ServedModel[], settings: ServeSettings): Promise<string[]> {
  if (settings.device.device !== 'cpu') return ['memory: on the card, each model with its own weights'];
  let [weights, slots, adapters, titles] = [0, 0, 0, 0];
  const unknown: string[] = [];
  const sharing: string[] = [];
  for (const { models, adapterRank } of groupsOf(served)) {
    const { name, precision, shared } = models[0]!;
    const shapes = new Map<string, TransformerConfiguration | undefined>();
    // Each one's files are looked at, also where their weights are not read.
    for (const { model } of models) shapes.set(model, await naming(model, () => configurationOf(model)));
    const configuration = [...shapes.values()].find(Boolean);
    if (!configuration) {
      unknown.push(name);
      continue;
    }
    weights += weightBytes(configuration, precision);
    slots += slotsBytes(configuration, { ...settings, precision });
    if (shared && adapterRank !== undefined) {
      const each = adapterBytes(configuration, adapterRank);
      // Those of the texts in the slots lie side by side.
      adapters += each * (models.length + settings.slots);
      const names = models.map((model) => model.name).join(', ');
      sharing.push(
        `shared: the weights of ${shared.base} once, for ${names}; ${formatBytes(each)} an adapter`,
      );
    }
    for (const model of models) titles += await titleBytes(model.titles);
  }
  const parts = [
    { what: 'weights', bytes: weights },
    { what: 'slots', bytes: slots },
    { what: 'adapters', bytes: adapters },
    { what: 'titles', bytes: titles },
  ];
  const counted = parts.filter(({ bytes }) => bytes > 0);
  const stated = checkServingMemory(counted, served.length - unknown.length);
  const missing = `not counted, as its size is not known yet: ${unknown.join(', ')}`;
  return [unknown.length === 0 ? stated : `${stated}; ${missing}`, ...sharing];
}

/**
 * The shape of a model, whose files are checked; undefined for one of the hub whose name does not tell it.
 * @throws TitlesmithError saying what is wrong with which file.
 */
async function configurationOf(model: string): Promise<TransformerConfiguration | undefined> {
  const parsed = parseModelName(model);
  if (parsed.kind === 'hub') return publishedShape(model);
  const { configuration, weights } = await (await findModelFolder(parsed.path)).open();
  await weights.close();
  return configuration;
}
