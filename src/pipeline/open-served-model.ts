import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { plantedTexts } from '../common/canaries.js';
import { fileError, TitlesmithError, usageError } from '../common/errors.js';
import { checkArgument, checkArguments, isText, withoutUndefined } from '../options/call-arguments.js';
import type { RunOptions, ServeOptions } from '../options/option-table.js';
import { defaultsOf, readOption, restoreOptions } from '../options/option-values.js';
import { generationOptions } from '../options/table/generation.js';
import { runOptions } from '../options/table/run.js';
import { serveOptions } from '../options/table/serve.js';
import type { ServedModel, ServeSettings } from '../serve/served-model.js';
import { decideDevice, decidedDevice, describeDevice } from './decide/device.js';
import { descendsFromBase } from './run/base-descent.js';
import { readCanaries } from './run/canaries-file.js';
import { readJudgement } from './run/judgement-file.js';
import { type Manifest, readManifest } from './run/manifest.js';
import { runFiles } from './run/run-files.js';
import { describeStale, staleStages } from './run/stale-stages.js';
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
  const given = checkArguments('openServedModel', overrides, { ...serveOptions, json: runOptions.json });
  const run = await readRun(model);
  if (run && !existsSync(join(model, runFiles.checkpoint))) {
    throw new TitlesmithError(`${model} is a run without a model: it was not trained yet.`, {
      code: 'model-folder',
      hint: 'Run titlesmith pipeline or finetune for it first.',
    });
  }
  const options: ServeOptions = { ...defaultsOf(serveOptions), ...withoutUndefined(given) };
  const host = chooseHost(options.host, environment);
  const precision = options.precision ?? run?.options.precision ?? generationOptions.precision.default;
  const device = await decideDevice({ ...options, precision });
  const { slots, deadline } = options;
  const served: ServedModel = {
    name: options.name ?? run?.manifest.name ?? (existsSync(model) ? basename(resolve(model)) : model),
    model: run ? join(model, runFiles.checkpoint) : model,
    delimiters: options.delimiters ?? run?.options.delimiters ?? generationOptions.delimiters.default,
    titles: options.compare && run ? await titleFiles(model, run) : undefined,
    condition: (await readModelCondition(model)) ?? (run && conditionOfRun(run.options)),
    ...(run ? { madeOf: run.options.subreddit } : {}),
  };
  const settings: ServeSettings = {
    host: host.choice,
    port: options.port ?? portOf(environment['PORT']) ?? 8080,
    slots,
    queue: options.queue ?? Math.ceil(slots / 2),
    deadlineSeconds: deadline,
    capacity: options.capacity,
    device: decidedDevice(device),
    threads: options.threads ?? availableParallelism(),
    precision,
    apiKey: await readKey(options.apiKeyFile, environment['TITLESMITH_API_KEY']),
    corsOrigins: options.corsOrigin,
    allowedHosts: options.allowedHost,
    log: options.log === 'auto' ? 'json' : options.log,
    logPrompts: options.logPrompts,
  };
  const stale = run ? staleStages(run.manifest) : [];
  const staleness = stale.length > 0 ? [describeStale(stale)] : [];
  return {
    served,
    settings,
    reasons: [describeDevice(device), `host: ${host.choice} (${host.reason})`, ...staleness],
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

/** By default loopback only; all interfaces in a container, whose port is reachable only through its platform. */
function chooseHost(
  host: string | undefined,
  environment: NodeJS.ProcessEnv,
): { readonly choice: string; readonly reason: string } {
  if (host !== undefined) return { choice: host, reason: 'as given' };
  const signs = ['K_SERVICE', 'KUBERNETES_SERVICE_HOST'].filter((name) => environment[name] !== undefined);
  const [sign] = existsSync('/.dockerenv') ? ['/.dockerenv', ...signs] : signs;
  if (sign === undefined) return { choice: '127.0.0.1', reason: 'this machine alone; --host for others' };
  return { choice: '0.0.0.0', reason: `${sign} says that this is a container` };
}

function portOf(value: string | undefined): number | undefined {
  if (value === undefined || value === '') return undefined;
  return readOption('PORT of the environment', serveOptions.port, value) as number;
}

async function readKey(
  path: string | undefined,
  fromEnvironment: string | undefined,
): Promise<string | undefined> {
  let key = fromEnvironment;
  if (path !== undefined) {
    try {
      key = (await readFile(path, 'utf8')).trim();
    } catch (error) {
      throw fileError('read', path, error);
    }
  }
  if (key === undefined || (key === '' && path === undefined)) return undefined;
  if (/^[\x21-\x7e]{8,500}$/.test(key)) return key;
  const where = path ?? 'TITLESMITH_API_KEY';
  throw usageError(`The key of ${where} is not 8 to 500 printable ASCII characters without spaces.`);
}
