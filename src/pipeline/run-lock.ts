import { rmSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileError, systemErrorCode, TitlesmithError } from '../common/errors.js';
import type { ProgressListener } from '../common/progress.js';

export const lockFileName = 'run.lock';

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** When the process started, as the system counts it; empty where the system does not say. */
  readonly processStart: string;
}

/** Start time of a process in clock ticks since boot (proc(5), /proc/PID/stat field 22), so that a reused pid is told apart. */
async function processStart(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    const owner: Partial<Owner> | null = JSON.parse(await readFile(path, 'utf8'));
    const { pid, host, processStart: start } = owner ?? {};
    if (!Number.isSafeInteger(pid) || typeof host !== 'string' || typeof start !== 'string') return undefined;
    return { pid: pid as number, host, processStart: start };
  } catch {
    return undefined;
  }
}

async function isAlive(owner: Owner): Promise<boolean> {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
  return owner.processStart === '' || owner.processStart === (await processStart(owner.pid));
}

/** Whoever holds the lock; a file that another process is just writing is read again for a moment. */
async function findOwner(path: string): Promise<Owner | undefined> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const owner = await readOwner(path);
    if (owner) return owner;
    await delay(50);
  }
  return undefined;
}

function heldError(folder: string, path: string, owner: Owner, elsewhere: boolean): TitlesmithError {
  const where = elsewhere ? ` on the machine ${owner.host}` : '';
  const hint = elsewhere
    ? `Wait for it to end; if it no longer runs, delete ${path}.`
    : 'Wait for it to end, or choose another --run-name.';
  return new TitlesmithError(`${folder} is being written by process ${owner.pid}${where}.`, {
    code: 'run-locked',
    hint,
  });
}

/**
 * Takes the run folder's lock, so that two processes never write one run. A lock whose process is gone is taken
 * over, with a warning.
 * @returns a function that gives the lock back; it is also given back when the process exits.
 * @throws TitlesmithError when another living process holds it, or the folder cannot be written.
 */
export async function lockRun(folder: string, onProgress: ProgressListener): Promise<() => void> {
  const path = join(folder, lockFileName);
  const mine: Owner = { pid: process.pid, host: hostname(), processStart: await processStart(process.pid) };
  for (let attempt = 0; attempt < 10; attempt++) {
    try {
      await writeFile(path, `${JSON.stringify(mine)}\n`, { flag: 'wx' });
      const release = (): void => {
        process.off('exit', release);
        rmSync(path, { force: true });
      };
      process.on('exit', release);
      return release;
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw fileError('write', path, error);
    }
    const owner = await findOwner(path);
    if (owner && owner.host !== mine.host) throw heldError(folder, path, owner, true);
    if (owner && (await isAlive(owner))) throw heldError(folder, path, owner, false);
    await removeStaleLock(path, owner, onProgress);
  }
  throw new TitlesmithError(`Cannot lock ${folder}: other processes keep taking it.`, { code: 'run-locked' });
}

/** Moves the lock aside before it is removed, so that of two processes that found it stale only one removes it. */
async function removeStaleLock(
  path: string,
  stale: Owner | undefined,
  onProgress: ProgressListener,
): Promise<void> {
  const aside = `${path}.stale-${process.pid}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    throw fileError('write', path, error);
  }
  const moved = await readOwner(aside);
  if (JSON.stringify(moved) !== JSON.stringify(stale)) {
    await rename(aside, path);
    return;
  }
  await rm(aside, { force: true });
  const owner = stale ? `process ${stale.pid}, which no longer runs` : 'an unknown process';
  onProgress({ kind: 'warning', message: `Taking over the lock of ${owner}.` });
}
