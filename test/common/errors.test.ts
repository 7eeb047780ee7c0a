import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fileError, systemFault, TitlesmithError } from '../../src/common/errors.js';

function lineOf(action: string, code: string): string {
  const error = fileError(action, 'a/file', Object.assign(new Error('says Node'), { code }));
  return error instanceof TitlesmithError ? error.toLine() : 'no TitlesmithError';
}

test.each([
  [
    'read',
    'EACCES',
    'Cannot read a/file: permission denied. Change its permissions, or name one that you may read.',
  ],
  [
    'write',
    'EACCES',
    'Cannot write a/file: permission denied. Choose a folder you may write to, or change its permissions.',
  ],
  [
    'write',
    'ENOSPC',
    'Cannot write a/file: no space left on the device. Free some space, then run the same command again.',
  ],
  ['write', 'ENAMETOOLONG', 'Cannot write a/file: the name is too long. Choose a shorter one.'],
  ['read', 'ELOOP', 'Cannot read a/file: its links lead in a circle. Check the path.'],
  ['read', 'EOTHER', 'Cannot read a/file: says Node.'],
])('to %s with %s says what to do about it', (action, code, line) => {
  expect(lineOf(action, code)).toBe(line);
});

/** What a call throws, as it is shown. */
async function shown(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    const fault = systemFault(error);
    return fault instanceof TitlesmithError ? fault.toLine() : 'a bug';
  }
  return 'nothing';
}

test('a fault of the system or the installation is one line, and a bug stays one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'titlesmith-faults-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const require = createRequire(import.meta.url);
  const damaged = join(folder, 'damaged.node');
  writeFileSync(damaged, 'no library');
  const gone = join(folder, 'gone');
  expect(await shown(() => readFileSync(gone))).toBe(
    `Cannot use ${gone}: no such file or folder. Check the path.`,
  );
  const install =
    /^A part of titlesmith cannot be loaded: .* Install titlesmith anew, for example with npm ci\.$/;
  expect(await shown(() => require(damaged))).toMatch(install);
  expect(await shown(() => require(join(folder, 'missing.node')))).toMatch(install);
  expect(await shown(() => import(join(folder, 'missing.js')))).toMatch(install);
  expect(await shown(() => (undefined as unknown as string).length)).toBe('a bug');
  expect(await shown(() => new Array(-1))).toBe('a bug');
});
