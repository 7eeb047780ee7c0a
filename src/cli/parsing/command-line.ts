import { Command, CommanderError, Option } from 'commander';
import { settingTable } from '../../batch/batch-settings.js';
import { usageError } from '../../common/errors.js';
import { packageVersion } from '../../io/package-root.js';
import type { StageName } from '../../options/choices.js';
import { type ExportFormat, exportFormats } from '../../options/choices.js';
import { replacedOptions } from '../../options/gpt-2-simple-options.js';
import type { OptionName, RunOptions } from '../../options/option-table.js';
import { choice, integer } from '../../options/option-values.js';
import { optionNames, parseOptionValue, specificationOf } from '../../options/options.js';
import { type ServeOptions, serveOptionTable } from '../../options/serve-options.js';
import type { BatchOptions, ExportOptions, JsonOption, Request, ReviewOptions } from '../request.js';
import { addOptions } from './table-options.js';

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

/**
 * Reads a command line, without the program's name.
 * @returns what it asks for; undefined where it asked for help or the version, which are printed
 * @throws TitlesmithError `usage` with commander's complaint in one line
 */
export function parse(arguments_: readonly string[]): Request | undefined {
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
    const said = error.message
      .replace(/^error: /, '')
      .replaceAll('\n', ' ')
      .replace(/\.$/, '');
    throw usageError(said.endsWith(')') ? said : `${said}.`);
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
