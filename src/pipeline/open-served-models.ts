import { about, fileError, usageError } from '../common/errors.js';
import { formatBytes } from '../common/number-formats.js';
import { adapterBytes } from '../model/transformer/adapters.js';
import type { TransformerConfiguration } from '../model/transformer/configuration.js';
import { localShape } from '../model/weights/local-shape.js';
import { publishedShape } from '../model/weights/model-name.js';
import { checkArgument, isText, isTexts, required } from '../options/call-arguments.js';
import type { ServeOptions } from '../options/option-table.js';
import type { FindModels } from '../serve/discovery.js';
import { groupsOf } from '../serve/model-groups.js';
import { assertNames } from '../serve/model-names.js';
import type { ServedModel, ServeSettings } from '../serve/served-model.js';
import { checkServingMemory, slotsBytes, titleBytes, weightBytes } from './decide/serving-memory.js';
import { servedModelFinder } from './find-served-models.js';
import { type NamedModel, namedModels } from './named-models.js';
import { describeServedModel, openServedModel, readServeOptions } from './open-served-model.js';
import { decideServeSettings } from './serve-settings.js';
import { BaseIdentities, type DescribedModel, shareWeights } from './shared-weights.js';

/** Everything needed to start a server of several models, and the reasons for what was decided. */
export interface OpenedServedModels {
  /** At least one, each of another name. */
  readonly served: readonly ServedModel[];
  readonly settings: ServeSettings;
  /** Finds runs that appear in the folders that were named; undefined where none was. */
  readonly find?: FindModels;
  /** One line each. */
  readonly reasons: readonly string[];
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
  checkArgument('openServedModels', 'models', models, required(isTexts));
  for (const model of models.length === 0 ? [undefined] : models)
    checkArgument('openServedModels', 'models', model, isText);
  const named: NamedModel[] = [];
  const skipped: string[] = [];
  const folders: string[] = [];
  for (const word of models) {
    const found = await namedModels(word);
    if (found.isFolder) folders.push(word);
    named.push(...found.named);
    skipped.push(...found.skipped);
  }
  if (models.length === 1 && folders.length === 0) {
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
  const identities = new BaseIdentities();
  const shared = isOnCard ? { served: own, reasons: [] } : await shareWeights(all, identities);
  const { served } = shared;
  reasons.push(...shared.reasons);
  const stated = await statedMemory(served, decided.settings);
  const runs = named.map(({ model }) => model);
  return {
    served,
    settings: decided.settings,
    ...(folders.length > 0 && !isOnCard
      ? { find: servedModelFinder({ served, folders, runs }, options, identities) }
      : {}),
    reasons: [...decided.reasons, ...stated, ...reasons],
  };
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
 * The shape of a model, whose files are checked; undefined for one of the hub that is not cached, and whose name does not
 * tell it.
 * @throws TitlesmithError saying what is wrong with which file.
 */
async function configurationOf(model: string): Promise<TransformerConfiguration | undefined> {
  return (await localShape(model)) ?? publishedShape(model);
}
