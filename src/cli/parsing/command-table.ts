import { usageError } from '../../common/errors.js';
import type { CommandName, StageName } from '../../options/choices.js';
import type { BatchSettings, OptionName, RunOptions, ServeOptions } from '../../options/option-table.js';
import type { Request, SingleCommandOptions } from './request.js';

/** Given option values. The option table says which options a command has. */
export type GivenOptions = Partial<RunOptions & ServeOptions & BatchSettings & SingleCommandOptions>;

interface CommandArgument {
  readonly name: string;
  readonly help: string;
  readonly optional?: true;
  /** May be given several times; only the last. */
  readonly several?: true;
  /** What a shell offers in its place: runs, or models and runs; where omitted, files. */
  readonly completedBy?: 'runs' | 'models';
}

/** A command of the command line. Its options are the table rows that list it. */
interface Command {
  /** As typed: `batch merge`. */
  readonly words: string;
  /** For the list of commands. */
  readonly summary: string;
  readonly description: string;
  readonly arguments: readonly CommandArgument[];
  /** Example command lines, each with what it does. */
  readonly examples: readonly (readonly [purpose: string, line: string])[];
  /** Further names of options, only for this command. */
  readonly aliases?: Readonly<Partial<Record<OptionName, string>>>;
  /** @param values of the arguments, in order; required ones are never undefined. */
  readonly request: (values: readonly (string | undefined)[], options: GivenOptions) => Request;
}

const runFolder: CommandArgument = {
  name: 'run-folder',
  help: 'A folder that the pipeline made, such as runs/askreddit, or the name of one in runs.',
  completedBy: 'runs',
};

/** What each stage does, on its own. */
const doings: Readonly<Record<StageName, string>> = {
  extract: 'Fetches and cleans the titles of a run.',
  dataset: 'Builds the dataset of a run.',
  finetune: 'Trains the model of a run on its titles.',
  generate: 'Generates titles with the model of a run, or any model, and prints them.',
  dedupe: 'Judges the generated titles of a run: copies and near copies of training titles are refused.',
  report: 'Writes the overfit report of a run: report.html and report.json.',
};

function stageCommand(
  stage: StageName,
  details: Pick<Command, 'summary' | 'examples'> & Partial<Command>,
): Command {
  return {
    words: stage,
    description: `${doings[stage]} What is not given here is as the run recorded it.`,
    arguments: [runFolder],
    request: ([folder = ''], options) => ({ command: stage, folder, options }),
    ...details,
  };
}

/** Every command, in the order of the help. */
export const commandTable: Readonly<Record<CommandName, Command>> = {
  pipeline: {
    words: 'pipeline',
    summary: 'all stages, from a subreddit to the report',
    description: 'Extracts titles, fine-tunes a model, generates titles, refuses copies, writes the report.',
    arguments: [],
    examples: [
      ['try it on the bundled sample', 'titlesmith pipeline --subreddit askreddit'],
      [
        'one run each, from dumps',
        'titlesmith pipeline --subreddit jokes news --input RS_*.zst --from 2019-01',
      ],
      ['titles of your own', 'titlesmith pipeline --source csv --input titles.csv --run-name mine'],
    ],
    request: (_, options) => ({ command: 'pipeline', options }),
  },
  finetune: stageCommand('finetune', {
    summary: 'train the model of a run',
    examples: [
      ['go on from the last checkpoint', 'titlesmith finetune runs/askreddit --restore-from latest'],
      ['start from GPT-2 instead', 'titlesmith finetune runs/askreddit --model 124M --steps 400'],
    ],
  }),
  generate: stageCommand('generate', {
    summary: 'generate titles with the model of a run, and print them',
    arguments: [
      {
        ...runFolder,
        help: `${runFolder.help.slice(0, -1)}; or a model: its folder, base, 124M, a Hugging Face id.`,
        completedBy: 'models',
      },
    ],
    aliases: { slots: 'batchSize' },
    examples: [
      ['more titles, more daring', 'titlesmith generate runs/askreddit --nsamples 500 --temperature 1'],
      ['from a model that belongs to no run', 'titlesmith generate 124M --nsamples 5 --prefix "Why do"'],
      [
        'from one that is prompted by name',
        'titlesmith generate runs/many --subreddit gamedev --nsamples 20',
      ],
    ],
  }),
  dedupe: stageCommand('dedupe', {
    summary: 'refuse copies and near copies of training titles',
    examples: [['refuse more', 'titlesmith dedupe runs/askreddit --similarity-threshold 0.7']],
  }),
  report: stageCommand('report', {
    summary: 'write the overfit report of a run',
    examples: [
      ['for scripts: exit code 3 on overfitting', 'titlesmith report runs/askreddit --fail-on-overfit'],
    ],
  }),
  list: {
    words: 'list',
    summary: 'the runs that there are',
    description:
      'Lists the runs of a folder, a line each: model, titles, size, date, and the verdict or how far it is.',
    arguments: [{ name: 'folder', optional: true, help: 'The folder that --runs-dir named; default: runs.' }],
    examples: [['those of a batch elsewhere', 'titlesmith list archive']],
    request: ([folder], options) => ({
      command: 'list',
      ...(folder === undefined ? {} : { folder }),
      options,
    }),
  },
  show: {
    words: 'show',
    summary: 'what is known of a run',
    description:
      'Shows what was chosen for a run and why, its stages, what came of them, and the options that were given.',
    arguments: [runFolder],
    examples: [['for programs', 'titlesmith show runs/askreddit --json']],
    request: ([folder = ''], options) => ({ command: 'show', folder, options }),
  },
  compare: {
    words: 'compare',
    summary: 'runs side by side',
    description:
      'Compares runs: verdicts, losses, copies, the options in which they differ, ten titles of each.',
    arguments: [{ ...runFolder, several: true }],
    examples: [['two trainings of the same titles', 'titlesmith compare runs/short runs/long']],
    request: (values, options) => ({
      command: 'compare',
      folders: values.filter((value) => value !== undefined),
      options,
    }),
  },
  plot: {
    words: 'plot',
    summary: 'pictures of what runs have measured',
    description:
      'Draws losses, copies, learning rates and distributions of a run, or of several together, as SVG or PNG, also while it trains.',
    arguments: [{ ...runFolder, several: true }],
    examples: [
      ['all pictures of a run, into runs/askreddit/plots', 'titlesmith plot runs/askreddit'],
      [
        'one of two runs, as PNG on a dark ground',
        'titlesmith plot runs/short runs/long --plots losses --output losses.png',
      ],
    ],
    request: (values, options) => ({
      command: 'plot',
      folders: values.filter((value) => value !== undefined),
      options,
    }),
  },
  prune: {
    words: 'prune',
    summary: 'free what finished runs no longer need',
    description:
      'Removes what nothing reads any more of runs, or of all runs in a folder: the optimizer state of trainings that are done.',
    arguments: [
      {
        name: 'folder',
        optional: true,
        several: true,
        help: 'Runs, or folders of runs; default: runs.',
        completedBy: 'runs',
      },
    ],
    examples: [['see what that is first', 'titlesmith prune --dry-run']],
    request: (values, options) => ({
      command: 'prune',
      folders: values.filter((value) => value !== undefined),
      options,
    }),
  },
  models: {
    words: 'models',
    summary: 'the models that have names, or fetch one',
    description:
      'Lists the models that --model knows by name: parameters, licence, and whether this machine has them. With a name, fetches that one.',
    arguments: [
      {
        name: 'model',
        optional: true,
        help: 'To fetch: a name such as 124M, or a Hugging Face id.',
        completedBy: 'models',
      },
    ],
    examples: [['fetch one, before a machine goes offline', 'titlesmith models 124M']],
    request: ([model], options) => ({
      command: 'models',
      ...(model === undefined ? {} : { model }),
      options,
    }),
  },
  info: {
    words: 'info',
    summary: 'what a checkpoint is',
    description:
      'Shows what is known of a model by its files: architecture, shape, tokens, files. Downloads nothing.',
    arguments: [
      {
        name: 'model',
        help: 'A run such as runs/askreddit, or a model: its folder, a GGUF file, base, 124M, a Hugging Face id.',
        completedBy: 'models',
      },
    ],
    examples: [['the model of a run', 'titlesmith info runs/askreddit']],
    request: ([model = ''], options) => ({ command: 'info', model, options }),
  },
  communities: {
    words: 'communities',
    summary: 'the communities that the base model writes for by name',
    description:
      'Lists the communities of Reddit that the base model knows by name, all or those whose name holds a word: generate base --subreddit NAME writes for one of them without any training.',
    arguments: [{ name: 'word', optional: true, help: 'A part of the name, such as game.' }],
    examples: [['those about games', 'titlesmith communities game']],
    request: ([word], options) => ({
      command: 'communities',
      ...(word === undefined ? {} : { word }),
      options,
    }),
  },
  score: {
    words: 'score',
    summary: 'how well a model predicts titles, in bits a byte',
    description:
      'Scores the titles of a file under the model of a run, or any model: each title, and all of them. Writes nothing.',
    arguments: [
      {
        name: 'model',
        help: 'A run such as runs/askreddit, or a model: its folder or GGUF file, base, 124M, a Hugging Face id.',
        completedBy: 'models',
      },
      {
        name: 'file',
        help: 'Titles: CSV, .txt with one a line, .jsonl; .gz and .zst of all; - for standard input.',
      },
    ],
    examples: [
      [
        'titles that the model never saw',
        'titlesmith score runs/askreddit runs/askreddit/dataset/validation.txt',
      ],
      ['for programs, a title a line', 'titlesmith score runs/askreddit titles.csv --json'],
    ],
    request: ([model = '', file = ''], options) => ({ command: 'score', model, file, options }),
  },
  devices: {
    words: 'devices',
    summary: 'list what the model can run on, and why not',
    description: 'Tries every device of every engine on a small graph.',
    arguments: [],
    examples: [['what --device can name here', 'titlesmith devices']],
    request: (_, options) => ({ command: 'devices', options }),
  },
  review: {
    words: 'review',
    summary: 'keep or refuse titles in the browser',
    description: 'Serves the review of a run to this machine, until Ctrl-C.',
    arguments: [runFolder],
    examples: [['at an address that stays', 'titlesmith review runs/askreddit --port 8081']],
    request: ([folder = ''], options) => ({ command: 'review', folder, options }),
  },
  serve: {
    words: 'serve',
    summary: 'short texts over HTTP, with a page',
    description: 'Serves the models of runs, or any models, over HTTP until Ctrl-C or SIGTERM.',
    arguments: [
      {
        name: 'model',
        several: true,
        help: 'A run such as runs/askreddit, a folder of runs, or a model: its folder or GGUF file, 124M, a Hugging Face id.',
        completedBy: 'models',
      },
    ],
    examples: [
      ['to this machine', 'titlesmith serve runs/askreddit --port 8080'],
      ['to others, with a key', 'titlesmith serve runs/askreddit --host 0.0.0.0 --api-key-file key.txt'],
      ['several, one by another name', 'titlesmith serve runs/jokes runs/news old=archive/news'],
    ],
    request: (values, options) => ({
      command: 'serve',
      models: values.filter((value) => value !== undefined),
      options,
    }),
  },
  export: {
    words: 'export',
    summary: 'write a model for other tools',
    description:
      'Writes a run as one archive, for another machine; or, with --output, its model for other tools.',
    arguments: [
      {
        name: 'model',
        help: 'A run such as runs/askreddit; with --output also 124M, a Hugging Face id, a folder, a GGUF file.',
        completedBy: 'models',
      },
      {
        name: 'archive',
        optional: true,
        help: 'A .tar.gz, .tar.zst or .tar, a folder, or gs://bucket/name.',
      },
    ],
    examples: [
      ['a run, for another machine', 'titlesmith export runs/askreddit askreddit.tar.zst'],
      ['again, some steps later', 'titlesmith export runs/askreddit askreddit.tar.zst --overwrite'],
      ['its model, for transformers', 'titlesmith export runs/askreddit --output model --format huggingface'],
      [
        'its model, for llama.cpp',
        'titlesmith export runs/askreddit --output model --format gguf --gguf-type q8_0',
      ],
    ],
    request: ([model = '', to], options) => {
      if ((to === undefined) === (options.output === undefined))
        throw usageError('export needs either an archive to write the run to, or --output for its model.');
      if (to !== undefined) {
        const flag = options.format === undefined ? '--gguf-type' : '--format';
        if (options.format !== undefined || options.ggufType !== undefined)
          throw usageError(`${flag} is for a model, but an archive is named.`, 'Leave one of them out.');
        return { command: 'archive', folder: model, to, options };
      }
      if (options.overwrite)
        throw usageError('--overwrite is for archives, but --output is given.', 'Name a new folder.');
      if (options.ggufType !== undefined && options.format !== 'gguf')
        throw usageError(`--gguf-type ${options.ggufType} is for --format gguf.`, 'Give both, or neither.');
      return { command: 'export', model, options };
    },
  },
  import: {
    words: 'import',
    summary: 'unpack an archive that export wrote',
    description: 'Makes a run folder of an archive, after comparing every file with its checksum.',
    arguments: [{ name: 'archive', help: 'A .tar.gz, .tar.zst or .tar, or gs://bucket/name.' }],
    examples: [['under another name', 'titlesmith import askreddit.tar.zst --run-name elsewhere']],
    request: ([from = ''], options) => ({ command: 'import', from, options }),
  },
  batch: {
    words: 'batch',
    summary: 'many subreddits, unattended, once or by a schedule',
    description: 'Runs the subreddits of a batch file, each in a process of its own.',
    arguments: [{ name: 'file', help: 'A YAML file: see docs/batch.md.' }],
    examples: [
      ['go on where it was stopped', 'titlesmith batch subreddits.yaml --resume'],
      ['Mondays at three', 'titlesmith batch subreddits.yaml --schedule "0 3 * * 1" --time-zone UTC'],
    ],
    request: ([file = ''], options) => ({ command: 'batch', file, options }),
  },
  merge: {
    words: 'batch merge',
    summary: 'one batch.json and batch.html of those of all shards',
    description: 'Merges what the shards of a batch left in a folder or bucket.',
    arguments: [{ name: 'place', help: 'The folder, or gs://bucket/folder, that --results names.' }],
    examples: [['of all machines', 'titlesmith batch merge gs://my-bucket/batch']],
    request: ([place = ''], options) => ({ command: 'merge', place, options }),
  },
  compareBatches: {
    words: 'batch compare',
    summary: 'two batches side by side, run by run',
    description:
      'Compares two batches, runs matched by name: what their models do, bits a byte, copies, accepted titles.',
    arguments: [
      { name: 'before', help: 'A folder of runs with a batch.json, or such a file.' },
      { name: 'after', help: 'The other.' },
    ],
    examples: [['before and after a change', 'titlesmith batch compare runs-before runs']],
    request: ([before = '', after = ''], options) => ({ command: 'compareBatches', before, after, options }),
  },
};
