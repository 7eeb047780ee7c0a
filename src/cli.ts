#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { Command, CommanderError, Option } from 'commander';
import { type ExitCode, exitCodes, TitlesmithError, usageError } from './common/errors.js';
import { packageVersion } from './common/package-root.js';
import { type BatchSettings, settingTable } from './pipeline/batch/settings.js';
import { Console } from './pipeline/console.js';
import { type ExportFormat, exportFormats } from './pipeline/export-formats.js';
import { replacedOptions } from './pipeline/gpt-2-simple-options.js';
import { type OptionSpecification, optionGroups } from './pipeline/option-specification.js';
import type { OptionName, RunOptions } from './pipeline/option-table.js';
import { choice, integer } from './pipeline/option-values.js';
import {
  defaultInWords,
  flagOf,
  optionNames,
  parseOptionValue,
  parseValue,
  specificationOf,
} from './pipeline/options.js';
import { type ServeOptions, serveOptionTable } from './pipeline/serve-options.js';
import type { StageName } from './pipeline/stage-names.js';
import type { ModelFacts } from './serve/contract.js';

/** What the parsed command line asks for. Options hold only what was given. */
type Request =
  | { readonly command: 'pipeline'; readonly given: Partial<RunOptions> }
  | { readonly command: StageName; readonly folder: string; readonly given: Partial<RunOptions> }
  | { readonly command: 'devices'; readonly given: { readonly json?: boolean } }
  | { readonly command: 'review'; readonly folder: string; readonly given: ReviewOptions }
  | { readonly command: 'serve'; readonly model: string; readonly given: Partial<ServeOptions> }
  | { readonly command: 'export'; readonly model: string; readonly given: ExportOptions }
  | { readonly command: 'archive'; readonly folder: string; readonly to: string; readonly given: JsonOption }
  | { readonly command: 'import'; readonly from: string; readonly given: Partial<RunOptions> }
  | { readonly command: 'batch'; readonly file: string; readonly given: BatchOptions }
  | { readonly command: 'merge'; readonly place: string; readonly given: JsonOption };

interface JsonOption {
  readonly json?: boolean;
}

interface BatchOptions extends Partial<BatchSettings>, JsonOption {
  readonly resume?: boolean;
}

interface ReviewOptions {
  readonly port?: number;
  readonly json?: boolean;
}

interface ExportOptions {
  readonly format: ExportFormat;
  readonly output?: string;
  readonly json?: boolean;
}

const stageCommands: readonly { name: StageName; summary: string; options: readonly OptionName[] }[] = [
  {
    name: 'finetune',
    summary: 'train the model of a run',
    options: optionsOfGroups('Model', 'Device', 'Training'),
  },
  {
    name: 'generate',
    summary: 'generate titles with the model of a run, and print them',
    options: optionsOfGroups('Device', 'Generation'),
  },
  {
    name: 'dedupe',
    summary: 'refuse copies and near copies of training titles',
    options: ['similarityThreshold'],
  },
  { name: 'report', summary: 'write the overfit report of a run', options: ['failOnOverfit'] },
];
const everyCommand: readonly OptionName[] = ['overwrite', 'json'];

function optionsOfGroups(...groups: readonly string[]): readonly OptionName[] {
  return optionNames.filter(
    (name) => groups.includes(specificationOf(name).group) || (name === 'seed' && groups.length > 0),
  );
}

/** Another flag whose value goes where that of `option` goes. */
class AliasOption extends Option {
  constructor(
    flags: string,
    private readonly option: Option,
  ) {
    super(flags, `The same as ${option.long}.`);
    if (option.parseArg) this.argParser(option.parseArg);
    this.hideHelp();
  }

  override attributeName(): string {
    return this.option.attributeName();
  }
}

/** Options of the table by name, with those of another where a command has its own. */
function addOptions(
  command: Command,
  names: readonly OptionName[],
  own: Readonly<Record<string, OptionSpecification<unknown>>> = {},
): Command {
  const entries = [...names.map((name) => [name, specificationOf(name)] as const), ...Object.entries(own)];
  for (const group of optionGroups) {
    for (const [name, specification] of entries) {
      if (specification.group !== group) continue;
      const { argument, list, help, alias } = specification;
      const byDefault = defaultInWords(specification);
      const flags = argument === undefined ? flagOf(name) : `${flagOf(name)} ${argument}`;
      const option = new Option(flags, byDefault === undefined ? help : `${help} (default: ${byDefault})`);
      if (list) {
        option.argParser((text: string, before: readonly unknown[] | undefined) => [
          ...(before ?? []),
          parseValue(name, specification, text),
        ]);
      } else if (argument !== undefined) {
        option.argParser((text: string) => parseValue(name, specification, text));
      }
      command.addOption(option.helpGroup(`${group}:`));
      if (alias !== undefined) command.addOption(new AliasOption(flags.replace(flagOf(name), alias), option));
    }
  }
  return command;
}

/** Errors of commander as one line with exit code 2; `--help` and `--version` end well. */
function parse(arguments_: readonly string[]): Request | undefined {
  let request: Request | undefined;
  const program = new Command('titlesmith')
    .description('A subreddit goes in, a reviewed list of new titles comes out.')
    .version(packageVersion)
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  const pipeline = program.command('pipeline').summary('all stages, from a subreddit to the report');
  pipeline.description(
    'Extracts titles, fine-tunes a model, generates titles, refuses copies, writes the report.',
  );
  addOptions(pipeline, optionNames).action((given: Partial<RunOptions>) => {
    request = { command: 'pipeline', given };
  });
  for (const { name, summary, options } of stageCommands) {
    const command = program.command(name).summary(summary).description(`The ${name} stage on its own.`);
    const model = name === 'generate' ? ', or a model: its folder, 124M, 355M, 774M, 1558M' : '';
    command.argument('<run-folder>', `a folder that the pipeline made, such as runs/askreddit${model}`);
    addOptions(command, [...options, ...everyCommand]).action(
      (folder: string, { batchSize, ...given }: Partial<RunOptions>) => {
        // To generate, a batch is what stands side by side; in training it is the rows of a step.
        const size = name === 'generate' ? { slots: batchSize } : { batchSize };
        request = { command: name, folder, given: batchSize === undefined ? given : { ...given, ...size } };
      },
    );
    if (name === 'generate') {
      const parseSlots = (text: string): unknown => parseOptionValue('slots', text);
      command.addOption(
        new Option('--batch-size <count>', 'The same as --slots.')
          .argParser(parseSlots)
          .helpGroup('Generation:'),
      );
    }
  }
  const devices = program.command('devices').summary('list what the model can run on, and why not');
  devices.description('Tries every device of every engine on a small graph.');
  addOptions(devices, ['json']).action((given: { readonly json?: boolean }) => {
    request = { command: 'devices', given };
  });
  const review = program.command('review').summary('keep or refuse titles in the browser');
  review.description('Serves the review of a run to this machine, until Ctrl-C.');
  review.argument('<run-folder>', 'a folder that the pipeline made, such as runs/askreddit');
  review.option('--port <number>', 'port to listen on (default: any free one)', parsePort);
  addOptions(review, ['json']).action((folder: string, given: ReviewOptions) => {
    request = { command: 'review', folder, given };
  });
  const serving = program.command('serve').summary('short texts over HTTP, with a page');
  serving.description('Serves the model of a run, or any model, over HTTP until Ctrl-C or SIGTERM.');
  serving.argument(
    '<model>',
    'a run such as runs/askreddit, or a model: its folder, 124M, a Hugging Face id',
  );
  addOptions(serving, ['json'], serveOptionTable).action((model: string, given: Partial<ServeOptions>) => {
    request = { command: 'serve', model, given };
  });
  const exporting = program.command('export').summary('write a model for other tools');
  exporting.description(
    'Writes a run as one archive, for another machine; or, with --output, its model for other tools.',
  );
  exporting.argument(
    '<model>',
    'a run such as runs/askreddit; with --output also 124M, a Hugging Face id, a folder',
  );
  exporting.argument('[archive]', 'a .tar.gz, .tar.zst or .tar, a folder, or gs://bucket/name');
  exporting.option(
    '--format <format>',
    `${exportFormats.join(' or ')}: for transformers.js and ONNX Runtime, or for transformers`,
    parseFormat,
    'onnx',
  );
  exporting.option('--output <folder>', 'a new or empty folder');
  addOptions(exporting, ['json']).action((model: string, to: string | undefined, given: ExportOptions) => {
    if ((to === undefined) === (given.output === undefined)) {
      throw usageError('export needs either an archive to write the run to, or --output for its model.');
    }
    if (to !== undefined) request = { command: 'archive', folder: model, to, given };
    else request = { command: 'export', model, given };
  });
  const importing = program.command('import').summary('unpack an archive that export wrote');
  importing.description('Makes a run folder of an archive, after comparing every file with its checksum.');
  importing.argument('<archive>', 'a .tar.gz, .tar.zst or .tar, or gs://bucket/name');
  addOptions(importing, ['runName', 'runsDir', 'overwrite', 'json']).action(
    (from: string, given: Partial<RunOptions>) => {
      request = { command: 'import', from, given };
    },
  );
  addBatch(program, (made) => {
    request = made;
  });
  try {
    program.parse(arguments_, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    const [unknown = ''] = /(?<=unknown option ')--[\w-]+/.exec(error.message) ?? [];
    const replacement = replacedOptions[unknown];
    if (replacement !== undefined) {
      throw usageError(`${unknown} is an option of gpt-2-simple alone: ${replacement}.`);
    }
    if (error.code === 'commander.help') throw usageError('No command given.', 'See titlesmith --help.');
    throw usageError(
      `${error.message.replace(/^error: /, '').replaceAll('\n', ' ')}${error.message.endsWith(')') ? '' : '.'}`,
    );
  }
  return request;
}

function addBatch(program: Command, ask: (request: Request) => void): void {
  const batch = program.command('batch').summary('many subreddits, unattended, once or by a schedule');
  batch.description('Runs the subreddits of a batch file, each in a process of its own.');
  batch.argument('<file>', 'a YAML file: see docs/batch.md');
  batch.option('--resume', 'Go on with a batch that was cut short.');
  addOptions(batch, ['json'], settingTable).action((file: string, given: BatchOptions) => {
    ask({ command: 'batch', file, given });
  });
  const merge = batch.command('merge').summary('one batch.json and batch.html of those of all shards');
  merge.description('Merges what the shards of a batch left in a folder or bucket.');
  merge.argument('<place>', 'the folder, or gs://bucket/folder, that --results names');
  addOptions(merge, ['json']).action((place: string, given: JsonOption) => {
    ask({ command: 'merge', place, given });
  });
}

function parseFormat(text: string): ExportFormat {
  try {
    return choice(...exportFormats)(text);
  } catch (error) {
    throw usageError(`--format got ${JSON.stringify(text)}, which ${(error as Error).message}.`);
  }
}

function parsePort(text: string): number {
  try {
    return integer(1, 65_535)(text);
  } catch (error) {
    throw usageError(`--port got ${JSON.stringify(text)}, which ${(error as Error).message}.`);
  }
}

/** Serves a review until the person stops it. */
async function review(folder: string, { port }: ReviewOptions, console: Console): Promise<ExitCode> {
  const { openReview } = await import('./pipeline/open-review.js');
  const { startReview } = await import('./review/server.js');
  const { listenForInterrupt } = await import('./pipeline/interrupt.js');
  const onProgress = console.listener({});
  let stop = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const interrupt = listenForInterrupt(stop);
  try {
    const run = await openReview(folder, { onProgress, stopRequested: interrupt.requested });
    try {
      const server = await startReview(run, { onProgress, ...(port === undefined ? {} : { port }) });
      console.result([`Review of ${run.runName}: ${server.url}`, 'Ctrl-C ends it.'], { url: server.url });
      await stopped;
      await server.close();
      return exitCodes.done;
    } finally {
      run.close();
    }
  } finally {
    interrupt.dispose();
  }
}

function sayServed(console: Console, name: string, url: string, slots: number, facts: ModelFacts): void {
  const count = (value: number): string => value.toLocaleString('en-US');
  const compared = facts.titles > 0 ? `, compared with ${count(facts.titles)} titles` : '';
  const about = `${count(facts.parameters)} parameters, ${slots} texts at a time${compared}`;
  console.result(
    [`${name}: ${url}page (${about}; ready in ${facts.loadSeconds.toFixed(1)} s)`, 'Ctrl-C ends it.'],
    { url, model: name, ...facts },
  );
}

/** Serves a model until the person, or the platform, stops it. */
async function serve(model: string, given: Partial<ServeOptions>, console: Console): Promise<ExitCode> {
  const { openServed } = await import('./pipeline/open-served.js');
  const { startServer } = await import('./serve/server.js');
  const { listenForInterrupt } = await import('./pipeline/interrupt.js');
  let stop = (): void => {};
  const stopped = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
  });
  const interrupt = listenForInterrupt(stop);
  try {
    const { served, settings, reasons } = await openServed(model, given);
    for (const reason of reasons) console.note(reason);
    const server = await startServer(served, settings, process.stdout);
    try {
      const facts = await Promise.race([server.ready, stopped]);
      if (facts) sayServed(console, served.name, server.url, settings.slots, facts);
      const failure = await Promise.race([stopped, server.ended]);
      if (failure) throw failure;
    } finally {
      await server.close();
    }
    return exitCodes.done;
  } finally {
    interrupt.dispose();
  }
}

async function batch(
  file: string,
  { resume = false, ...given }: BatchOptions,
  console: Console,
): Promise<ExitCode> {
  const { runBatches } = await import('./pipeline/batch/batch-command.js');
  const { listenForInterrupt } = await import('./pipeline/interrupt.js');
  const stop = new AbortController();
  const interrupt = listenForInterrupt(() => {
    console.note('Stopping; runs at work save first. Press Ctrl-C again to stop at once.');
    stop.abort();
  });
  try {
    const entry = fileURLToPath(import.meta.url);
    return await runBatches({ file, given, resume, entry, stop: stop.signal }, console);
  } finally {
    interrupt.dispose();
  }
}

async function merge(place: string, console: Console): Promise<ExitCode> {
  const { mergeBatch } = await import('./pipeline/batch/merge.js');
  return mergeBatch(place, console);
}

async function execute(request: Request, console: Console): Promise<ExitCode> {
  if (request.command === 'devices') {
    const { showDevices } = await import('./pipeline/show-devices.js');
    return showDevices(console);
  }
  if (request.command === 'review') return review(request.folder, request.given, console);
  if (request.command === 'serve') return serve(request.model, request.given, console);
  if (request.command === 'batch') return batch(request.file, request.given, console);
  if (request.command === 'merge') return merge(request.place, console);
  const { runPipeline } = await import('./pipeline/run-pipeline.js');
  const { runSingleStage } = await import('./pipeline/run-single-stage.js');
  const { listenForInterrupt } = await import('./pipeline/interrupt.js');
  const interrupt = listenForInterrupt(() => {
    console.note('Stopping after this step; press Ctrl-C again to stop at once.');
  });
  try {
    if (request.command === 'export') {
      const { exportModel } = await import('./pipeline/export-model.js');
      const { model, given } = request;
      const context = { onProgress: console.listener({}), stopRequested: interrupt.requested };
      const description = await exportModel({ ...given, model, output: given.output ?? '' }, context);
      console.result([`${given.output}: ${description}, as ${given.format}`], {
        ...given,
        model: description,
      });
      return exitCodes.done;
    }
    if (request.command === 'archive') {
      const { exportRun } = await import('./pipeline/archive/export-run.js');
      const context = { onProgress: console.listener({}), stopRequested: interrupt.requested };
      const { run, place } = await exportRun(request.folder, request.to, context);
      console.result([`${place}: ${run}`], { run, archive: place });
      return exitCodes.done;
    }
    if (request.command === 'import') {
      const { importRun } = await import('./pipeline/archive/import-run.js');
      const { runsDir = 'runs', runName, overwrite = false } = request.given;
      const context = { onProgress: console.listener({}), stopRequested: interrupt.requested };
      const folder = await importRun(request.from, { runsDir, runName, overwrite }, context);
      console.result([folder], { folder });
      return exitCodes.done;
    }
    if (request.command === 'pipeline') return await runPipeline(request.given, console, interrupt);
    return await runSingleStage(request.command, request.folder, request.given, console, interrupt);
  } finally {
    interrupt.dispose();
  }
}

/** Runs a command line. @returns the exit code of the process. */
async function main(arguments_: readonly string[]): Promise<ExitCode> {
  const color = !process.env['NO_COLOR'];
  let console = new Console({ json: false, output: process.stdout, errors: process.stderr, color });
  try {
    const request = parse(arguments_);
    if (!request) return exitCodes.done;
    const json = request.given.json === true;
    console = new Console({ json, output: process.stdout, errors: process.stderr, color });
    return await execute(request, console);
  } catch (error) {
    console.error(error);
    return error instanceof TitlesmithError ? error.exitCode : exitCodes.failed;
  }
}

if (process.channel) {
  // A run of a batch saves and ends when its parent is gone; nobody else could stop it.
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}
const hasParent = process.channel !== undefined;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Its parent is gone: it saves, with nobody to tell.
  if (error.code === 'EPIPE' && hasParent) return;
  // The reader has gone (`titlesmith generate … | head`): nobody is left to tell.
  if (error.code === 'EPIPE') process.exit(exitCodes.failed);
  throw error;
});
process.exitCode = await main(process.argv.slice(2));
