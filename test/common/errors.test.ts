import { expect, test } from 'vitest';
import { fileError, TitlesmithError } from '../../src/common/errors.js';

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
