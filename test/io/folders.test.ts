import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { makeTemporaryFolder } from '../../src/io/folders.js';

test('a temporary folder is made where TMPDIR says, or the message names TMPDIR', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'titlesmith-folders-'));
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(parent, { recursive: true, force: true });
  });
  vi.stubEnv('TMPDIR', parent);
  const made = await makeTemporaryFolder('rows');
  expect(made.startsWith(join(parent, 'titlesmith-rows-'))).toBe(true);
  expect(existsSync(made)).toBe(true);
  const missing = join(parent, 'missing');
  vi.stubEnv('TMPDIR', missing);
  await expect(makeTemporaryFolder('rows')).rejects.toMatchObject({
    message: `Cannot create a temporary folder in ${missing}: no such file or folder.`,
    hint: 'Name a folder that you may write to in TMPDIR.',
    code: 'file-enoent',
  });
});
