import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { link, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileError, systemErrorCode, TitlesmithError } from '../../common/errors.js';
import type { ProgressListener } from '../../common/progress.js';
import { lockFileName } from '../../run/run-files.js';

/**
 * The owner rewrites its lock every `heartbeatMs` with a counter. Another machine, which cannot check the process itself,
 * watches the lock for `watchMs` to see whether the owner is alive. Not timestamps, as the machines' clocks may differ.
 */
interface LockTiming {
  readonly heartbeatMs: number;
  readonly watchMs: number;
}

const defaultTiming: LockTiming = { heartbeatMs: 10_000, watchMs: 45_000 };

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Start time of the process in the system's own unit; empty if unknown. */
  readonly processStart: string;
  /** How often the lock was rewritten. */
  readonly beat: number;
  readonly activity: LockActivity;
}

const activities = ['written', 'reviewed', 'exported'] as const;
/** What the owner of a lock does with the run, for the message to others; `written` where an older lock does not say. */
export type LockActivity = (typeof activities)[number];

/** Start time of a process in clock ticks since boot (proc(5), /proc/PID/stat field 22), which tells a reused pid apart. */
async function processStart(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function parseOwner(text: string): Owner | undefined {
  try {
    const owner: Partial<Owner> | null = JSON.parse(text);
    const { pid, host, processStart: start, beat = 0, activity: named } = owner ?? {};
    if (!Number.isSafeInteger(pid) || pid! < 1 || typeof host !== 'string' || typeof start !== 'string')
      return undefined;
    const activity = activities.find((known) => known === named) ?? 'written';
    return { pid: pid as number, host, processStart: start, beat, activity };
  } catch {
    return undefined;
  }
}

async function readOwner(path: string): Promise<Owner | undefined> {
  return parseOwner(await readFile(path, 'utf8').catch(() => ''));
}

function readOwnerNow(path: string): Owner | undefined {
  try {
    return parseOwner(readFileSync(path, 'utf8'));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function isSameProcess(a: Owner | undefined, b: Owner): boolean {
  return a?.pid === b.pid && a.host === b.host && a.processStart === b.processStart;
}

/** Whether a process of this machine has a number. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is another user's.
    return systemErrorCode(error) === 'EPERM';
  }
}

async function isAlive(owner: Owner): Promise<boolean> {
  if (!isRunning(owner.pid)) return false;
  return owner.processStart === '' || owner.processStart === (await processStart(owner.pid));
}

/** The owner of the lock. Retries for a moment, as another process may just be writing the file. */
async function findOwner(path: string): Promise<Owner | undefined> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const owner = await readOwner(path);
    if (owner) return owner;
    await delay(50);
  }
  return undefined;
}

/** Who holds the lock of a run now. A process of another machine is taken at its word. @returns undefined if nobody does. */
export async function lockHolder(
  folder: string,
): Promise<Pick<Owner, 'host' | 'pid' | 'activity'> | undefined> {
  const owner = await readOwner(join(folder, lockFileName));
  if (!owner || (owner.host === hostname() && !(await isAlive(owner)))) return undefined;
  const { host, pid, activity } = owner;
  return { host, pid, activity };
}

/** A lock file, and the path it protects. */
interface LockTarget {
  /** The lock file. */
  readonly path: string;
  /** The path it protects, for messages. */
  readonly what: string;
  /** What to do instead of waiting, for messages. */
  readonly instead: string;
  /** What this process takes it for. Default: `written`. */
  readonly activity?: LockActivity | undefined;
}

function lockedError({ path, what, instead }: LockTarget, owner: Owner, elsewhere: boolean): TitlesmithError {
  const where = elsewhere ? ` on the machine ${owner.host}` : '';
  const hint = elsewhere
    ? `Wait for it to end; if it no longer runs, delete ${path}.`
    : `${owner.activity === 'reviewed' ? 'End the review' : 'Wait for it to end'}, or ${instead}.`;
  return new TitlesmithError(`${what} is being ${owner.activity} by process ${owner.pid}${where}.`, {
    code: 'run-locked',
    hint,
  });
}

/** Watches the lock of another machine. @returns whether its process rewrote or released it. */
async function hasHeartbeat(
  path: string,
  owner: Owner,
  watchMs: number,
  onProgress: ProgressListener,
): Promise<boolean> {
  const message =
    `Process ${owner.pid} on the machine ${owner.host} holds ${path}; ` +
    `watching for ${Math.round(watchMs / 1000)} s whether it still works.`;
  onProgress({ kind: 'warning', message });
  const steps = 20;
  for (let step = 0; step < steps; step++) {
    await delay(watchMs / steps);
    const now = await readOwner(path);
    // An unreadable lock is just being rewritten.
    if (now && !(isSameProcess(now, owner) && now.beat === owner.beat)) return true;
  }
  return false;
}

/** A lock that this process holds. */
export interface Lock {
  /** Aborted when another process takes over the lock: save, then stop writing what it protects. */
  readonly lost: AbortSignal;
  /** Identifies this process among all that ever held the lock. */
  readonly holder: string;
  /** The `holder` of the dead process that this one took the lock over from; undefined if the lock was free. */
  readonly takenFrom: string | undefined;
  /** Releases it; also done when the process exits. */
  release(): void;
}

/** Rewrites the lock every `heartbeatMs` until the timer is cleared or the lock is lost. */
function startHeartbeat(path: string, mine: Owner, heartbeatMs: number, onLost: () => void): NodeJS.Timeout {
  let { beat } = mine;
  const unfinished = unfinishedName(path);
  const timer = setInterval(() => {
    try {
      if (!isSameProcess(readOwnerNow(path), mine)) throw new Error('lost');
      beat += 1;
      // Renamed into place, so that the lock is never seen empty.
      writeFileSync(unfinished, `${JSON.stringify({ ...mine, beat })}\n`);
      renameSync(unfinished, path);
    } catch (error) {
      rmSync(unfinished, { force: true });
      // A write that fails, say on a full disk, does not mean that the lock is lost.
      if (systemErrorCode(error) !== undefined && systemErrorCode(error) !== 'ENOENT') return;
      clearInterval(timer);
      onLost();
    }
  }, heartbeatMs);
  return timer.unref();
}

let unfinishedCount = 0;
/** A name of its own for a lock that is written before it gets its name. */
function unfinishedName(path: string): string {
  unfinishedCount += 1;
  return `${path}.new-${process.pid}-${unfinishedCount}`;
}

/** Codes of link(2) on file systems without hard links, such as FAT and some network drives. */
const noLinkCodes: ReadonlySet<string | undefined> = new Set([
  'EPERM',
  'EMLINK',
  'ENOSYS',
  'ENOTSUP',
  'EOPNOTSUPP',
  'EINVAL',
]);

/**
 * Creates a lock file by a hard link to a written one, so that it is never seen empty; without hard links, it is created
 * and then written.
 * @returns false when there is a lock already.
 * @throws TitlesmithError when the folder cannot be written.
 */
async function createLock(path: string, content: string): Promise<boolean> {
  const unfinished = unfinishedName(path);
  try {
    await writeFile(unfinished, content);
    try {
      await link(unfinished, path);
    } catch (error) {
      if (!noLinkCodes.has(systemErrorCode(error))) throw error;
      await writeFile(path, content, { flag: 'wx' });
    }
    await removeUnfinished(path).catch(() => {});
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw fileError('write', path, error);
  } finally {
    await rm(unfinished, { force: true }).catch(() => {});
  }
}

/** Removes what processes that were killed left of their attempts to take a lock. */
async function removeUnfinished(path: string): Promise<void> {
  const start = `${basename(path)}.new-`;
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(start)) continue;
    const owner = await readOwner(join(dirname(path), name));
    // One that is not whole may just be being written.
    if (!owner || owner.host !== hostname() || (await isAlive(owner))) continue;
    await rm(join(dirname(path), name), { force: true });
  }
}

/**
 * Acquires the run folder's lock, so that two processes never write one run. The lock of a dead process is taken over,
 * with a warning.
 * @throws TitlesmithError when a live process holds it, or the folder cannot be written.
 */
export async function lockRun(
  folder: string,
  onProgress: ProgressListener,
  timing?: LockTiming,
  activity?: LockActivity,
): Promise<Lock> {
  const path = join(folder, lockFileName);
  const target = {
    path,
    what: folder,
    instead: 'work on another run',
    activity,
  };
  return takeLock(target, onProgress, timing);
}

/** As {@link lockRun}, for any lock file. */
export async function takeLock(
  target: LockTarget,
  onProgress: ProgressListener,
  { heartbeatMs, watchMs }: LockTiming = defaultTiming,
): Promise<Lock> {
  const { path, what, activity = 'written' } = target;
  const start = await processStart(process.pid);
  const mine: Owner = { pid: process.pid, host: hostname(), processStart: start, beat: 0, activity };
  let takenFrom: string | undefined;
  for (let attempt = 0; attempt < 10; attempt++) {
    if (await createLock(path, `${JSON.stringify(mine)}\n`)) {
      const lost = new AbortController();
      const timer = startHeartbeat(path, mine, heartbeatMs, () => {
        onProgress({ kind: 'warning', message: `${path} is no longer this process's; it stops here.` });
        lost.abort();
      });
      const release = (): void => {
        clearInterval(timer);
        process.off('exit', release);
        // After a takeover the file belongs to another process.
        if (isSameProcess(readOwnerNow(path), mine)) rmSync(path, { force: true });
      };
      process.on('exit', release);
      return { lost: lost.signal, holder: nameOf(mine), takenFrom, release };
    }
    const owner = await findOwner(path);
    if (owner && owner.host !== mine.host && (await hasHeartbeat(path, owner, watchMs, onProgress))) {
      throw lockedError(target, owner, true);
    }
    if (owner && owner.host === mine.host && (await isAlive(owner))) throw lockedError(target, owner, false);
    await removeStaleLock(path, owner, onProgress);
    takenFrom = owner && nameOf(owner);
  }
  throw new TitlesmithError(`Cannot lock ${what}: other processes keep taking it.`, { code: 'run-locked' });
}

const nameOf = ({ host, pid, processStart }: Owner): string => `${host} ${pid} ${processStart ?? ''}`;

/** Renames the lock before removing it, so that of two processes that found it stale only one removes it. */
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
