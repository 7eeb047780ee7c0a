import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { plantedTexts } from '../common/canaries.js';
import { runWithoutModel } from '../model/weights/model-folder.js';
import { checkArgument, checkArguments, isText, withoutUndefined } from '../options/call-arguments.js';
import type { RunOptions, ServeOptions } from '../options/option-table.js';
import { defaultsOf, restoreOptions } from '../options/option-values.js';
import { generationOptions } from '../options/table/generation.js';
import { runOptions } from '../options/table/run.js';
import { serveOptions } from '../options/table/serve.js';
import type { Manifest } from '../run/manifest.js';
import { runFiles } from '../run/run-files.js';
import type { ServedModel, ServeSettings } from '../serve/served-model.js';
import { descendsFromBase } from './run/base-descent.js';
import { readCanaries } from './run/canaries-file.js';
import { readJudgement } from './run/judgement-file.js';
import { readManifest } from './run/manifest-file.js';
import { describeStale, staleStages } from './run/stale-stages.js';
import { decideServeSettings } from './serve-settings.js';
import type { DescribedModel } from './shared-weights.js';
import { isUpToDate } from './stage-work.js';
import { conditionOfRun, readModelCondition } from './stages/model-condition.js';

/** Everything needed to start a server, and the reasons for what was decided. */
export interface OpenedServedModel {
  readonly served: ServedModel;
  readonly settings: ServeSettings;
  /** One line each. */
  readonly reasons: readonly string[];
}

interface ServedRun {
  readonly manifest: Manifest;
  readonly options: RunOptions;
}

/** The options of `serve` as a caller gives them. @throws TitlesmithError `usage` when one is wrong. */
export function readServeOptions(callee: string, overrides: Partial<ServeOptions>): ServeOptions {
  const given = checkArguments(callee, overrides, { ...serveOptions, json: runOptions.json });
  return { ...defaultsOf(serveOptions), ...withoutUndefined(given) };
}

/**
 * Reads a run's recorded options and fills in those of the server. Nothing is locked or written, so several servers can
 * serve one run, even from a read-only disk.
 * @param model a run folder, or any value of `--model`.
 * @param overrides `log` defaults to `auto`, which means JSON lines here.
 * @throws TitlesmithError when the run or the key file cannot be read, or an option is wrong.
 */
export async function openServedModel(
  model: string,
  overrides: Partial<ServeOptions> = {},
  environment: NodeJS.ProcessEnv = process.env,
): Promise<OpenedServedModel> {
  checkArgument('openServedModel', 'model', model, isText);
  const options = readServeOptions('openServedModel', overrides);
  const { served, stale } = await describeServedModel(model, options);
  const { settings, reasons } = await decideServeSettings(options, served.precision, environment);
  return { served, settings, reasons: [...reasons, ...stale] };
}

/**
 * A model as it is served: what its run or folder says, and the options above that.
 * @returns with what its run says of its weights; `stale`: what of the run is out of date, a line or none.
 * @throws TitlesmithError when there is no such model, or its run cannot be read.
 */
export async function describeServedModel(
  model: string,
  options: ServeOptions,
): Promise<DescribedModel & { readonly stale: readonly string[] }> {
  const run = await readRun(model);
  if (run && !existsSync(join(model, runFiles.checkpoint))) throw runWithoutModel(model);
  const served: ServedModel = {
    name: options.name ?? run?.manifest.name ?? (existsSync(model) ? basename(resolve(model)) : model),
    model: run ? join(model, runFiles.checkpoint) : model,
    precision: options.precision ?? run?.options.precision ?? generationOptions.precision.default,
    delimiters: options.delimiters ?? run?.options.delimiters ?? generationOptions.delimiters.default,
    titles: options.compare && run ? await titleFiles(model, run) : undefined,
    condition: (await readModelCondition(model)) ?? (run && conditionOfRun(run.options)),
    ...(run ? { madeOf: run.options.subreddit } : {}),
  };
  const stale = run ? staleStages(run.manifest) : [];
  return {
    served,
    beganWith: run?.manifest.decisions.model?.choice,
    hasAdapters: run?.options.loraRank !== undefined,
    stale: stale.length > 0 ? [describeStale(stale, model)] : [],
  };
}

async function readRun(model: string): Promise<ServedRun | undefined> {
  const manifest = await readManifest(model);
  return manifest && { manifest, options: restoreOptions(manifest.options) };
}

/** The titles that generated texts are compared with, and the run's rules of comparison if its judgement is up to date. */
async function titleFiles(folder: string, { manifest, options }: ServedRun): Promise<ServedModel['titles']> {
  if (!existsSync(join(folder, runFiles.train))) return undefined;
  const run = { folder: { path: folder, manifest }, options, decisions: manifest.decisions };
  const baseCopies = options.keepBaseCopies ? 'kept' : 'refused';
  const canaries = await readCanaries(folder);
  const isJudged = await isUpToDate('dedupe', runFiles.judgement, run);
  return {
    train: join(folder, runFiles.train),
    validation: join(folder, runFiles.validation),
    threshold: options.similarityThreshold,
    rules: isJudged ? (await readJudgement(folder)).rules : undefined,
    baseCopies: (await descendsFromBase(folder, manifest.decisions)) ? baseCopies : undefined,
    canaries: canaries ? plantedTexts(canaries) : [],
  };
}
