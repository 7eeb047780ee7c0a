import { readFile } from 'node:fs/promises';
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from 'yaml';
import { folderNameFor } from '../common/device-names.js';
import { fileError, TitlesmithError, usageError } from '../common/errors.js';
import { nearestWord } from '../common/nearest-word.js';
import type { OptionRow, OptionRows } from '../options/option-row.js';
import { checkOptionsTogether } from '../options/option-rules.js';
import {
  type BatchSettings,
  type OptionName,
  optionNames,
  type RunOptions,
  rowOf,
} from '../options/option-table.js';
import { defaultOptions, keyOf, readOption } from '../options/option-values.js';
import { batchSettings } from '../options/table/batch.js';
import { yamlFault } from './yaml-fault.js';

/** Maximum size of a batch file in bytes. */
const largestFile = 4 * 2 ** 20;

/** One run of a batch: a subreddit, and its own options merged over the common ones. */
interface BatchRun {
  /** The run's folder name. */
  readonly name: string;
  /** Options given in the file. Months may still be relative, such as `now-1`. */
  readonly options: Partial<RunOptions>;
}

export interface BatchFile {
  readonly path: string;
  readonly settings: Partial<BatchSettings>;
  readonly runs: readonly BatchRun[];
}

/** Options that a run of a batch cannot have, and where they belong. */
export const excludedOptions: Partial<Record<OptionName, string>> = {
  subreddit: 'subreddits have a list of their own: subreddits',
  subredditFile: 'subreddits have a list of their own: subreddits',
  keepOutFile: 'list the names in the file: keep-out',
  promptSubreddit: 'it is of the generate command alone',
  printOnly: 'it is of the generate command alone',
  runsDir: 'it holds for the whole batch: write it at the top of the file',
  json: 'give it on the command line',
  dryRun: 'give it to the pipeline command',
  overwrite: 'a run that is tried again would lose what it has; remove the run folder instead',
};

const optionOfKey = new Map(optionNames.map((name) => [keyOf(name), name]));
const settingOfKey = new Map(
  Object.entries(batchSettings as OptionRows).map((entry) => [keyOf(entry[0]), entry]),
);

function didYouMean(key: string, known: readonly string[], where = ''): string | undefined {
  const nearest = nearestWord(key, known);
  return nearest === undefined ? undefined : `Did you mean ${nearest}${where}?`;
}

/** Reads the nodes of one YAML file; every error names its line. */
class Reader {
  constructor(
    private readonly path: string,
    private readonly document: Document,
    private readonly lines: LineCounter,
  ) {}

  fault(node: Node | null | undefined, message: string, hint?: string): TitlesmithError {
    const at = node?.range ? `:${this.lineOf(node)}` : '';
    return usageError(`${this.path}${at}: ${message}`, hint);
  }

  /** The line a node begins on. */
  lineOf(node: Node): number {
    return this.lines.linePos(node.range?.[0] ?? 0).line;
  }

  /** The node itself, or the target of an alias. */
  resolve(node: unknown): Node | null {
    const found = isAlias(node) ? node.resolve(this.document) : node;
    return (found ?? null) as Node | null;
  }

  /** The pairs of a map, in order. */
  pairs(map: YAMLMap): { key: string; keyNode: Node; value: Node | null }[] {
    return map.items.map((pair: Pair) => {
      const keyNode = this.resolve(pair.key);
      if (!isScalar(keyNode)) throw this.fault(keyNode, 'this key is no plain text.');
      return { key: this.text(keyNode), keyNode, value: this.resolve(pair.value) };
    });
  }

  /** A scalar as written: `1e-4` stays `1e-4`, `2019-01` stays text. */
  private text(node: { value: unknown; source?: string | undefined }): string {
    return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
  }

  /** Runs a check. @throws TitlesmithError of the check, with the node's line added. */
  withLine<Result>(node: Node, check: () => Result): Result {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof TitlesmithError)) throw error;
      throw this.fault(node, error.message, error.hint);
    }
  }

  /** The value of an option or setting. @throws TitlesmithError naming line, key, value and rule. */
  value(key: string, node: Node | null, keyNode: Node, row: OptionRow): unknown {
    const read = (item: Node | null): unknown => {
      if (!isScalar(item) || item.value === null) {
        const expected = row.list ? 'a value or a list of values' : 'one value';
        throw this.fault(item ?? keyNode, `${key} needs ${expected}.`);
      }
      return this.withLine(item, () => readOption(key, row, this.text(item)));
    };
    if (!row.list) return read(node);
    const items = isSeq(node) ? node.items.map((item) => this.resolve(item)) : [node];
    return items.map(read);
  }

  /** The options of a map. @throws TitlesmithError naming the line of an unknown key. */
  options(node: Node | null, where: string): Partial<RunOptions> {
    if (node === null || (isScalar(node) && node.value === null)) return {};
    if (!isMap(node)) throw this.fault(node, `${where} must be options, one a line: "steps: 400".`);
    const entries = this.pairs(node).map(({ key, keyNode, value }) => {
      const name = optionOfKey.get(key);
      if (name === undefined) {
        const hint = settingOfKey.has(key)
          ? 'It belongs at the top of the file.'
          : (didYouMean(key, [...optionOfKey.keys()]) ??
            didYouMean(key, [...settingOfKey.keys()], ', at the top of the file') ??
            'See docs/options.md.');
        throw this.fault(keyNode, `${JSON.stringify(key)} is no option.`, hint);
      }
      if (excludedOptions[name])
        throw this.fault(keyNode, `${key} cannot stand here: ${excludedOptions[name]}.`);
      const row = rowOf(name);
      const batchRow: OptionRow = row.type === 'month' ? { ...row, type: 'relativeMonth' } : row;
      const read = this.value(key, value, keyNode, batchRow);
      if (name === 'input' && Array.isArray(read) && read.includes('-')) {
        const message = 'input cannot be standard input, which the runs of a batch do not have.';
        throw this.fault(keyNode, message, 'Name a file.');
      }
      return [name, read];
    });
    return Object.fromEntries(entries) as Partial<RunOptions>;
  }
}

/** Resolves `now`, `now-N` (N months ago) or `YYYY-MM` to `YYYY-MM`, in UTC as posts are dated. */
function resolveMonth(text: string, now: Date): string {
  const [, back] = /^now-?(\d*)$/.exec(text) ?? [];
  if (back === undefined) return text;
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - Number(back), 1))
    .toISOString()
    .slice(0, 7);
}

/** The options of a run with its months resolved. @param now when the batch starts. */
export function resolveRun({ options }: BatchRun, now: Date): Partial<RunOptions> {
  const { from, to } = options;
  return {
    ...options,
    ...(from === undefined ? {} : { from: resolveMonth(from, now) }),
    ...(to === undefined ? {} : { to: resolveMonth(to, now) }),
  };
}

/** The subreddits, from a list of names or a map of names to options, each with its node for messages. */
function subredditEntries(
  reader: Reader,
  node: Node | null,
  root: Node,
): { key: string; keyNode: Node; value: Node | null }[] {
  if (isMap(node)) return reader.pairs(node);
  if (isSeq(node)) {
    return node.items.flatMap((item) => {
      const found = reader.resolve(item);
      if (isMap(found)) return reader.pairs(found);
      if (!isScalar(found)) throw reader.fault(found ?? node, 'this is no name of a subreddit.');
      return [{ key: String(found.source ?? found.value), keyNode: found, value: null }];
    });
  }
  throw reader.fault(node ?? root, 'subreddits must be a list of names, or names with options.');
}

function readRuns(
  reader: Reader,
  common: Partial<RunOptions>,
  node: Node | null,
  root: Node,
): readonly BatchRun[] {
  const nodes = new Map<string, Node>();
  const [defaults, now] = [defaultOptions(), new Date()];
  let areCommonChecked = false;
  const runs = subredditEntries(reader, node, root).map(({ key, keyNode, value }) => {
    const name = reader.withLine(keyNode, () => readOption('subreddits', rowOf('subreddit'), key)) as string;
    const options = { ...common, ...reader.options(value, key), subreddit: [name] };
    const run = { name: options.runName ?? folderNameFor(name), options };
    const twin = nodes.get(run.name);
    if (twin) {
      const message = `two runs are called ${run.name}, the other on line ${reader.lineOf(twin)}.`;
      throw reader.fault(keyNode, message, 'Remove one, or give it a run-name of its own.');
    }
    nodes.set(run.name, keyNode);
    // Runs without options of their own differ in the subreddit alone, and a name that is kept out is all that this decides:
    // else one of them is checked for all.
    if (value !== null || !areCommonChecked || options.keepOut?.includes(name))
      reader.withLine(keyNode, () => checkOptionsTogether({ ...defaults, ...resolveRun(run, now) }));
    areCommonChecked ||= value === null;
    return run;
  });
  if (runs.length === 0) throw reader.fault(node ?? root, 'no subreddits are listed.');
  return runs;
}

/** Parses the text of a batch file. @param path for messages. @throws as {@link readBatchFile}. */
export function parseBatchFile(text: string, path: string): BatchFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error) {
    const { line } = lines.linePos(error.pos[0]);
    throw usageError(`${path}:${line}: ${yamlFault(error)}`, 'docs/batch.md has an example.');
  }
  const reader = new Reader(path, document, lines);
  const root = document.contents;
  if (!isMap(root)) throw usageError(`${path} holds no settings.`, 'See docs/batch.md for an example.');
  const settings: Record<string, unknown> = {};
  let common: Partial<RunOptions> = {};
  let subreddits: { value: Node | null; keyNode: Node } | undefined;
  for (const { key, keyNode, value } of reader.pairs(root)) {
    const setting = settingOfKey.get(key);
    if (key === 'options') common = reader.options(value, key);
    else if (key === 'subreddits') subreddits = { value, keyNode };
    else if (setting) settings[setting[0]] = reader.value(key, value, keyNode, setting[1]);
    else {
      const hint = optionOfKey.has(key)
        ? 'It belongs below options:.'
        : (didYouMean(key, ['options', 'subreddits', ...settingOfKey.keys()]) ??
          didYouMean(key, [...optionOfKey.keys()], ', below options:') ??
          'See docs/batch.md.');
      throw reader.fault(keyNode, `${JSON.stringify(key)} is no setting of a batch.`, hint);
    }
  }
  if (common.runName !== undefined) throw reader.fault(root, 'run-name cannot be common to all runs.');
  if (!subreddits) throw reader.fault(root, 'subreddits is missing.', 'List them below subreddits:.');
  const runs = readRuns(reader, common, subreddits.value, subreddits.keyNode);
  return { path, settings: settings as Partial<BatchSettings>, runs };
}

/**
 * Reads a batch file: settings of the batch at its top, `options` common to all runs, and `subreddits` with their own
 * options. Keys are flags without the dashes.
 * @throws TitlesmithError `usage` with the file and line of the error.
 */
export async function readBatchFile(path: string): Promise<BatchFile> {
  let content: Buffer;
  try {
    content = await readFile(path);
  } catch (error) {
    throw fileError('read', path, error);
  }
  if (content.length > largestFile) throw usageError(`${path} is too large for a batch file.`);
  return parseBatchFile(content.toString('utf8'), path);
}
