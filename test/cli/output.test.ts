import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';

const entry = join(packageRoot, 'dist/cli.js');
const shell = (command: string): ReturnType<typeof spawnSync> =>
  spawnSync('sh', ['-c', command, 'sh', process.execPath, entry], { encoding: 'utf8' });

test.skipIf(!existsSync('/dev/full'))('an output that is full is one line, and fails', () => {
  for (const command of ['"$1" "$2" --help > /dev/full', '"$1" "$2" devices --json > /dev/full']) {
    const { status, stderr } = shell(command);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Error: Cannot write the output: no space left on the device\.[^\n]*\n$/);
  }
});

test.skipIf(!existsSync('/dev/full'))('an error that cannot be shown keeps its exit code', () => {
  expect(shell('"$1" "$2" pipeline --no-such-flag 2> /dev/full').status).toBe(2);
});

test.skipIf(process.platform === 'win32')(
  'few open files, or a folder that is gone, are one line each',
  () => {
    const gone = join(tmpdir(), `titlesmith-gone-${process.pid}`);
    for (const command of [
      'ulimit -n 24; "$1" "$2" devices',
      `mkdir "${gone}" && cd "${gone}" && rmdir "${gone}" && "$1" "$2" devices`,
    ]) {
      const { status, stderr } = shell(command);
      expect(stderr).toMatch(/^Error: .*(too many open files|no longer there).*\n$/);
      expect(status).not.toBe(0);
    }
  },
);
