import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../src/io/package-root.js';
import { type Export, readExports } from './structure/exports.js';
import { readImports, sourceFiles } from './structure/imports.js';
import { readWalks } from './structure/walks.js';

/** Files of at most so many lines count as short. */
const shortLines = 60;

interface SourceFile {
  readonly file: string;
  readonly lines: number;
  /** Files of src that import it. */
  readonly importers: readonly string[];
}

/** What is measured of a checkout's src. */
export interface Structure {
  readonly files: readonly SourceFile[];
  readonly exports: readonly Export[];
}

/** Reads the files, imports and exports of a checkout's src. Takes seconds: each export's uses are searched for. */
export function readStructure(root: string): Structure {
  const importers = new Map<string, Set<string>>();
  for (const { file, target, outside } of readImports(root)) {
    if (!outside) importers.set(target, (importers.get(target) ?? new Set()).add(file));
  }
  const files = sourceFiles(root, 'src').map((file) => ({
    file,
    lines: readFileSync(join(root, file), 'utf8').split('\n').length - 1,
    importers: [...(importers.get(file) ?? [])],
  }));
  return { files, exports: readExports(root) };
}

/** Exports that no other file uses. */
export function unusedExports({ exports }: Structure): Export[] {
  return exports.filter(({ users }) => users.length === 0);
}

function onlyTested({ exports }: Structure): Export[] {
  return exports.filter(({ users }) => users.length > 0 && users.every((user) => user.startsWith('test/')));
}

function onceImported({ files }: Structure): SourceFile[] {
  return files.filter(({ importers }) => importers.length === 1);
}

function median(sorted: readonly number[]): number {
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The figures of a checkout's src, in the order they are printed. Lengths in lines. */
export function figuresOf(structure: Structure): Record<string, string> {
  const { files } = structure;
  const lengths = files.map(({ lines }) => lines).sort((left, right) => left - right);
  const total = lengths.reduce((sum, lines) => sum + lines, 0);
  const short = lengths.filter((lines) => lines <= shortLines).length;
  const largest = files.find(({ lines }) => lines === lengths.at(-1));
  const once = onceImported(structure);
  return {
    files: String(files.length),
    lines: String(total),
    'mean length': String(Math.round(total / files.length)),
    'median length': String(median(lengths)),
    'largest file': largest ? `${largest.lines} (${largest.file})` : '',
    [`of at most ${shortLines} lines`]: `${short} (${Math.round((100 * short) / files.length)} %)`,
    'imported by one file alone': String(once.length),
    [`these of at most ${shortLines} lines`]: String(once.filter(({ lines }) => lines <= shortLines).length),
    exports: String(structure.exports.length),
    'exports without a user': String(unusedExports(structure).length),
    'exports that only tests use': String(onlyTested(structure).length),
  };
}

function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  console.log([line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n'));
}

function printLists(structure: Structure): void {
  const names = (exports: readonly Export[]): string[] => exports.map(({ file, name }) => `${file} ${name}`);
  const lists = {
    'Imported by one file alone': onceImported(structure).map(
      ({ file, lines, importers }) => `${file} (${lines} lines) by ${importers[0]}`,
    ),
    'Exports without a user': names(unusedExports(structure)),
    'Exports that only tests use': names(onlyTested(structure)),
  };
  for (const [title, entries] of Object.entries(lists)) {
    console.log(['', `${title}:`, ...entries.map((entry) => `- ${entry}`)].join('\n'));
  }
}

/** Prints each walk's number of files, and what is wrong with it: files that are not there. */
function printWalks(page: string, root: string): void {
  const rows = readWalks(readFileSync(page, 'utf8')).map(({ name, files }) => {
    const missing = files.filter((file) => !existsSync(join(root, file)));
    return [name, String(files.length), missing.length === 0 ? '' : `not there: ${missing.join(', ')}`];
  });
  console.log('');
  printTable(['walk', 'files', ''], rows);
}

const usage = `Usage: npm run tool -- structure [--list] [--walks PAGE] [CHECKOUT...]

Prints the figures of src of each checkout (this one where none is named) side by side. --list names the files and exports
behind them; --walks counts the files along the walks of a page in Markdown such as docs/architecture.md.
`;

/** `npm run tool -- structure`: see its usage. */
export async function main(argv: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: { help: { type: 'boolean' }, list: { type: 'boolean' }, walks: { type: 'string' } },
    allowPositionals: true,
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const roots = positionals.length > 0 ? positionals : [packageRoot];
  const structures = roots.map(readStructure);
  const figures = structures.map(figuresOf);
  const rows = Object.keys(figures[0]!).map((name) => [name, ...figures.map((column) => column[name]!)]);
  printTable(['', ...roots.map((root) => (root === packageRoot ? 'this checkout' : root))], rows);
  if (values.list) structures.forEach(printLists);
  if (values.walks !== undefined) printWalks(values.walks, roots.at(-1)!);
}
