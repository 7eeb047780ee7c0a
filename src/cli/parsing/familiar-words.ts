import type { CommandName } from '../../options/choices.js';

/** What people type who know other programs, and the commands that do that here. */
const commandsByVerb: Readonly<Record<string, readonly string[]>> = {
  'pipeline, or finetune for a run that is there': ['train', 'learn', 'fit', 'tune', 'fine-tune'],
  pipeline: ['run', 'start', 'init', 'new', 'go', 'make', 'build', 'extract', 'dataset', 'encode'],
  generate: ['sample', 'write', 'complete', 'predict', 'infer', 'generate-to-file'],
  models: ['download', 'pull', 'fetch', 'model'],
  'report, or score for titles of your own': ['eval', 'evaluate', 'test', 'validate', 'perplexity'],
  list: ['ls', 'runs'],
  'show, or info for a model': ['status', 'inspect', 'describe', 'get'],
  prune: ['rm', 'remove', 'delete', 'clean', 'gc'],
  communities: ['subreddits', 'subreddit', 'community', 'search'],
  serve: ['server', 'web', 'api', 'deploy'],
  export: ['save', 'convert', 'pack', 'copy'],
  import: ['load', 'unpack', 'restore'],
  compare: ['diff'],
  plot: ['graph', 'draw', 'chart'],
};

/** The command that does what another program calls by this word; undefined where none is known. */
export function commandElsewhere(typed: string): string | undefined {
  return Object.entries(commandsByVerb).find(([, verbs]) => verbs.includes(typed.toLowerCase()))?.[0];
}

/** What to do where a command is given an option that others have. */
export function insteadOfOption(command: CommandName, key: string): string | undefined {
  if (key === 'output' && ['generate', 'score', 'show', 'list'].includes(command))
    return 'What it prints goes into a file with > FILE at the end of the line.';
  if (key === 'run-name') return `Name the run itself: titlesmith ${command} NAME.`;
  if (key === 'runs-dir') return `Name the run by its path: titlesmith ${command} FOLDER/NAME.`;
  return undefined;
}

/** Ends of the names of files of titles. */
const titlesFile = /\.(csv|tsv|txt|jsonl?|ndjson|parquet|gz|zst|zst_blocks)$/i;

/** Whether a word is likely to name a file of titles. */
export const looksLikeTitles = (word: string): boolean => titlesFile.test(word);

/** What to do where a command that takes no arguments, or has all of them, is given one more. */
export function insteadOfArgument(command: CommandName, extra: string): string | undefined {
  if (command !== 'pipeline') return undefined;
  const word = /\s/.test(extra) ? JSON.stringify(extra) : extra;
  if (looksLikeTitles(extra))
    return `A file of titles is named with --input: titlesmith pipeline --input ${word}.`;
  if (!/^(?=.*[a-z])\w{2,21}$/i.test(extra)) return undefined;
  return `A subreddit is named with --subreddit ${word}, a file of titles with --input ${word}, a run with --run-name ${word}.`;
}
