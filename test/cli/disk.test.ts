import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { lastingFiles, smallOptions, writeDumps } from './batch-fixture.js';
import { lastLine, runCli, temporaryFolder } from './run-cli.js';

const folder = temporaryFolder();
const disk = join(folder, 'disk');
mkdirSync(disk);

/** A file system of its own at `disk`; false where this machine does not allow it. */
function mount(...options: string[]): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', options.join(','), 'tmpfs', disk]).status === 0;
}
const unmount = (): void => void spawnSync('umount', [disk]);

const isAllowed = mount('size=1m');
unmount();
if (!isAllowed) console.log('Skipped: full and read-only disks. File systems cannot be mounted here.');

describe.skipIf(!isAllowed)('a batch on a disk', () => {
  beforeAll(() => {
    writeDumps(join(folder, 'dumps'), { '2019-01': 40 }, ['alpha', 'bravo']);
    const alone = `options:\n${smallOptions}subreddits:\n  alpha:\n    until: dataset\n  bravo:\n`;
    writeFileSync(join(folder, 'batch.yaml'), alone);
  });
  afterEach(unmount);

  test('that fills says so, keeps what was done, and goes on when there is room', async () => {
    expect(mount('size=2m')).toBe(true);
    const full = await runCli(['batch', 'batch.yaml', '--runs-dir', 'disk/runs'], folder);
    expect(full.errors).toMatch(
      /^bravo: Error: Cannot write \S+: no space left on the device\. Free some space/m,
    );
    expect(full.errors).not.toMatch(/\n\s+at /);
    expect(full.code).toBe(1);
    const done = lastingFiles(join(disk, 'runs/alpha'));
    expect(Object.keys(done)).toContain('titles.csv');

    expect(spawnSync('mount', ['-o', 'remount,size=200m', disk]).status).toBe(0);
    const again = await runCli(['batch', 'batch.yaml', '--runs-dir', 'disk/runs'], folder);
    expect(again.code).toBe(0);
    expect(lastingFiles(join(disk, 'runs/alpha'))).toEqual(done);
  });

  test('that is read-only ends before any work, and changes nothing', async () => {
    expect(mount('size=200m')).toBe(true);
    const first = await runCli(['batch', 'batch.yaml', '--runs-dir', 'disk/runs'], folder);
    expect(first.code).toBe(0);
    expect(spawnSync('mount', ['-o', 'remount,ro', disk]).status).toBe(0);
    const before = readFileSync(join(disk, 'runs/batch.json'), 'utf8');
    const refused = await runCli(['batch', 'batch.yaml', '--runs-dir', 'disk/runs'], folder);
    expect(lastLine(refused)).toMatch(/^Error: Cannot write \S+: the file system is read-only\./);
    expect(refused.code).toBe(1);
    expect(readFileSync(join(disk, 'runs/batch.json'), 'utf8')).toBe(before);
  });
});
