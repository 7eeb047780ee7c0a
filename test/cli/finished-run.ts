import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { runCli } from './run-cli.js';
import { madeUpTitles, toCsv } from './titles.js';

/** The options of a run of every stage, small enough for a test. */
const small = [
  ['--model', 'nano', '--steps', '8', '--batch-size', '1', '--save-every', '2', '--evaluate-every', '4'],
  ['--sample-every', '4', '--sample-num', '4', '--sample-length', '8', '--nsamples', '8', '--length', '8'],
].flat();

/** A command that makes the run `NAME` in `runs`, or brings it up to date. */
export function pipelineOf(name: string, input = 'titles.csv'): string[] {
  return ['pipeline', '--source', 'csv', '--input', input, '--run-name', name, ...small];
}

/** Writes titles.csv and other.csv, and makes the run `template` of the first. */
export async function makeTemplate(folder: string): Promise<void> {
  const titles = madeUpTitles(200);
  writeFileSync(join(folder, 'titles.csv'), toCsv(titles.slice(0, 120)));
  writeFileSync(join(folder, 'other.csv'), toCsv(titles.slice(60)));
  const made = await runCli(pipelineOf('template'), folder);
  expect(made.errors).not.toContain('Error');
  expect(made.code).toBe(0);
}

/** Copies the template. @returns the path of the copy. */
export function copyRun(folder: string, name: string): string {
  cpSync(join(folder, 'runs/template'), join(folder, 'runs', name), { recursive: true });
  const path = join(folder, 'runs', name, 'run.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"name": "template"', `"name": "${name}"`));
  return join('runs', name);
}

/** All that lies in a folder: SHA-256 of files, and the folders themselves. */
export function treeOf(root: string, isLeftOut = (_name: string): boolean => false): Record<string, string> {
  const tree: Record<string, string> = {};
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(root.length + 1).replaceAll('\\', '/');
    if (isLeftOut(name)) continue;
    tree[name] = entry.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'folder';
  }
  return tree;
}

/** Files that hold times or rates, or the run's name. */
export function holdsTimes(name: string): boolean {
  return /^run\.json$|metrics\.jsonl$|tfevents|^report\.(json|html)$|checkpoint\/training\.json$/.test(name);
}
