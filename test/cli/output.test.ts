import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
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
