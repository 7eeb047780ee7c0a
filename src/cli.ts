#!/usr/bin/env node
import { Command, CommanderError, Option } from 'commander';
import { type ExitCode, exitCodes, TitlesmithError, usageError } from './common/errors.js';
import { packageVersion } from './common/package-root.js';
import { Console } from './pipeline/console.js';
import { type ExportFormat, exportFormats } from './pipeline/export-formats.js';
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

/** What the parsed command line asks for. Options hold only what was given. */
type Request =
  | { readonly command: 'pipeline'; readonly given: Partial<RunOptions> }
  | { readonly command: StageName; readonly folder: string; readonly given: Partial<RunOptions> }
  | { readonly command: 'devices'; readonly given: { readonly json?: boolean } }
  | { readonly command: 'review'; readonly folder: string; readonly given: ReviewOptions }
  | { readonly command: 'serve'; readonly model: string; readonly given: Partial<ServeOptions> }
  | { readonly command: 'export'; readonly model: string; readonly given: ExportOptions };

interface ReviewOptions {
  readonly port?: number;
  readonly json?: boolean;
}

interface ExportOptions {
  readonly format: ExportFormat;
  readonly output: string;
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
      const { argument, list, help } = specification;
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
  exporting.description('Writes the model of a run, or any model --model names, for other tools.');
  exporting.argument('<model>', 'a run such as runs/askreddit, 124M, a Hugging Face id, or a folder');
  exporting.option(
    '--format <format>',
    `${exportFormats.join(' or ')}: for transformers.js and ONNX Runtime, or for transformers`,
    parseFormat,
    'onnx',
  );
  exporting.requiredOption('--output <folder>', 'a new or empty folder');
  addOptions(exporting, ['json']).action((model: string, given: ExportOptions) => {
    request = { command: 'export', model, given };
  });
  try {
    program.parse(arguments_, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    if (error.code === 'commander.help') throw usageError('No command given.', 'See titlesmith --help.');
    throw usageError(
      `${error.message.replace(/^error: /, '').replaceAll('\n', ' ')}${error.message.endsWith(')') ? '' : '.'}`,
    );
  }
  return request;
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
    const { url } = server;
    const facts = await Promise.race([server.ready, stopped]);
    if (facts) {
      const compared =
        facts.titles > 0 ? `, compared with ${facts.titles.toLocaleString('en-US')} titles` : '';
      const parameters = facts.parameters.toLocaleString('en-US');
      const about = `${parameters} parameters, ${settings.slots} texts at a time${compared}`;
      console.result(
        [
          `${served.name}: ${url}page (${about}; ready in ${facts.loadSeconds.toFixed(1)} s)`,
          'Ctrl-C ends it.',
        ],
        { url, model: served.name, ...facts },
      );
    }
    const failure = await Promise.race([stopped, server.ended]);
    await server.close();
    if (failure) throw failure;
    return exitCodes.done;
  } finally {
    interrupt.dispose();
  }
}

async function execute(request: Request, console: Console): Promise<ExitCode> {
  if (request.command === 'devices') {
    const { showDevices } = await import('./pipeline/show-devices.js');
    return showDevices(console);
  }
  if (request.command === 'review') return review(request.folder, request.given, console);
  if (request.command === 'serve') return serve(request.model, request.given, console);
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
      const description = await exportModel({ model, ...given }, context);
      console.result([`${given.output}: ${description}, as ${given.format}`], {
        ...given,
        model: description,
      });
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

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader has gone (`titlesmith generate … | head`): nobody is left to tell.
  if (error.code === 'EPIPE') process.exit(exitCodes.failed);
  throw error;
});
process.exitCode = await main(process.argv.slice(2));
