import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { atMoments, lastLine, runCli, startCli, temporaryFolder, whileStopped } from './run-cli.js';
import { SmallTraining } from './small-training.js';

const folder = temporaryFolder();
const disk = join(folder, 'disk');
mkdirSync(disk);
/** Room for the run, its checkpoint twice (the new one is whole before the old one goes), and no more. */
const mounted =
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=96m', 'titlesmith-test', disk], { stdio: 'ignore' })
    .status === 0;
if (!mounted)
  console.info('The test of a full disk is skipped: it mounts a small file system, which only root may.');
afterAll(() => {
  if (mounted) spawnSync('umount', [disk]);
});

/** Writes a file until nothing more fits on its disk. */
function fillDisk(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (let size = 1 << 20; size >= 1; ) {
      try {
        writeSync(file, Buffer.alloc(size));
      } catch {
        size >>= 1;
      }
    }
  } finally {
    closeSync(file);
  }
}

test.runIf(mounted)(
  'a save that finds the disk full ends in one line, leaves the checkpoint before it, and training goes on later',
  async () => {
    const [steps, ballast] = [20, join(disk, 'ballast')];
    const whole = await SmallTraining.prepare(join(folder, 'whole'), steps);
    expect((await runCli(whole.command, folder)).code).toBe(0);

    const training = await SmallTraining.prepare(disk, steps);
    // Held once it has saved, so that it cannot end while the disk fills.
    const hold = atMoments({ signal: 'SIGSTOP', output: /"label":"train","done":3,/ });
    const started = startCli(training.command, folder, hold);
    await whileStopped(started, () => fillDisk(ballast));
    const failed = await started.finished;
    expect(failed.code).toBe(1);
    expect(lastLine(failed)).toMatch(
      /Cannot write .*: no space left on the device\. Free some space, then run the same/,
    );
    expect(failed.errors).not.toMatch(/\n {4}at /);
    const saved = await training.openCheckpoint();
    expect(saved).toBeGreaterThan(0);
    expect(saved).toBeLessThan(steps);

    const again = await runCli(training.command, folder);
    expect(again.code).toBe(1);
    expect(lastLine(again)).toContain('no space left on the device');
    expect(await training.openCheckpoint()).toBe(saved);

    rmSync(ballast);
    expect((await runCli(training.command, folder)).code).toBe(0);
    expect(training.outcome()).toEqual(whole.outcome());
  },
);
