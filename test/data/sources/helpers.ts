import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { collect } from '../../../src/common/collect.js';
import { TitlesmithError } from '../../../src/common/errors.js';
import { silentContext } from '../../../src/common/progress.js';
import type { TitleQuery, TitleSource } from '../../../src/data/sources/title-source.js';

/** A folder that is removed after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'titlesmith-sources-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a file and returns its path. */
export function write(folder: string, name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Objects as NDJSON. */
export function ndjson(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

/** The titles a source gives, in order. */
export async function titlesOf(source: TitleSource, query: TitleQuery): Promise<string[]> {
  return (await collect(source.rows(query, silentContext))).map(({ title }) => title);
}

/** The one line with which something fails; anything but a TitlesmithError is thrown on. */
export async function failureLine(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof TitlesmithError) return error.toLine();
    throw error;
  }
  throw new Error('It did not fail.');
}
