import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { renameFile } from '../../src/io/rename.js';

const folder = mkdtempSync(join(tmpdir(), 'titlesmith-rename-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Renames as a system does where a file is open elsewhere for the first attempts. */
function busy(code: string, times: number): { attempts: number; attempt: typeof rename } {
  const counted = {
    attempts: 0,
    attempt: async (from: Parameters<typeof rename>[0], to: Parameters<typeof rename>[1]): Promise<void> => {
      counted.attempts += 1;
      if (counted.attempts <= times) throw Object.assign(new Error('busy'), { code });
      await rename(from, to);
    },
  };
  return counted;
}

const [from, to] = [join(folder, 'new'), join(folder, 'old')];

test.each(['EPERM', 'EACCES', 'EBUSY'])(
  'on Windows a file that is open elsewhere (%s) is tried again',
  async (code) => {
    writeFileSync(from, code);
    writeFileSync(to, 'before');
    const counted = busy(code, 2);
    await renameFile(from, to, 'win32', counted.attempt);
    expect(counted.attempts).toBe(3);
    expect(readFileSync(to, 'utf8')).toBe(code);
  },
);

test('what no waiting mends is not tried again, nor anything elsewhere', async () => {
  for (const [platform, code] of [
    ['win32', 'ENOSPC'],
    ['linux', 'EPERM'],
    ['darwin', 'EACCES'],
  ] as const) {
    const counted = busy(code, 1);
    await expect(renameFile(from, to, platform, counted.attempt)).rejects.toMatchObject({ code });
    expect(counted.attempts).toBe(1);
  }
});
