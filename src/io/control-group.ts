import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Memory of the control group (a container, a systemd unit) that this process runs in. */
interface ControlGroupMemory {
  /** Bytes that it may have; infinite where nothing bounds it. */
  readonly limit: number;
  /** Bytes of them that are free, or can be made free by dropping files kept in memory. */
  readonly available: number;
  /** How often the system has killed a process of it, or of the machine where it does not count by groups, for want of memory. */
  readonly kills: number;
}

/** Where the two versions of control groups keep what (Documentation/admin-guide/cgroup-v1/memory.rst, cgroup-v2.rst). */
const versions = [
  {
    mounts: ['sys/fs/cgroup', 'sys/fs/cgroup/unified'],
    /** Bounds of a group: beyond `high` it is held up so much that it does not get on. */
    limits: ['memory.max', 'memory.high'],
    usage: 'memory.current',
    files: /^(?:inactive|active)_file (\d+)$/gm,
    kills: ['memory.events', /^oom_kill (\d+)$/m],
    path: /^0::(.*)$/m,
  },
  {
    mounts: ['sys/fs/cgroup/memory'],
    limits: ['memory.limit_in_bytes'],
    usage: 'memory.usage_in_bytes',
    files: /^total_(?:inactive|active)_file (\d+)$/gm,
    kills: ['memory.oom_control', /^oom_kill (\d+)$/m],
    path: /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m,
  },
] as const;

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** A number alone in a file; infinite for `max`, and where there is no such file. */
function readNumber(path: string): number {
  const text = read(path).trim();
  return /^\d+$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
}

/** `/a/b` → `/a/b`, `/a`, `/`: each group is bounded by those it is in. */
function upwards(path: string): string[] {
  return path === '/' || path === '.' ? ['/'] : [path, ...upwards(dirname(path))];
}

/**
 * What bounds the memory of this process beside the machine itself, of either version of Linux's control groups, all
 * groups above its own included. Inside a container, where the path of the group means nothing, its root is read.
 * Node's own process.constrainedMemory() and availableMemory() look at one group alone, and count files that are kept
 * in memory as used: a container that has read a large dump seems to have no memory left.
 * @param root the file system's root.
 * @returns no bound on other systems.
 */
export function controlGroupMemory(root = '/'): ControlGroupMemory {
  const own = read(join(root, 'proc/self/cgroup'));
  const limits: number[] = [];
  const available: number[] = [];
  const kills: number[] = [];
  for (const version of versions) {
    const path = version.path.exec(own)?.[1];
    if (path === undefined) continue;
    for (const mount of version.mounts) {
      for (const group of upwards(path)) {
        const folder = join(root, mount, group);
        const limit = Math.min(...version.limits.map((name) => readNumber(join(folder, name))));
        const killed = version.kills[1].exec(read(join(folder, version.kills[0])))?.[1];
        if (killed !== undefined) kills.push(Number(killed));
        const usage = readNumber(join(folder, version.usage));
        if (!Number.isFinite(limit) || !Number.isFinite(usage)) continue;
        const files = [...read(join(folder, 'memory.stat')).matchAll(version.files)];
        const inFiles = files.reduce((sum, [, bytes]) => sum + Number(bytes), 0);
        limits.push(limit);
        available.push(Math.max(0, limit - Math.max(0, usage - inFiles)));
      }
    }
  }
  const onMachine = /^oom_kill (\d+)$/m.exec(read(join(root, 'proc/vmstat')))?.[1];
  return {
    limit: Math.min(...limits),
    available: Math.min(...available),
    kills: kills.length > 0 ? kills.reduce((sum, count) => sum + count, 0) : Number(onMachine ?? 0),
  };
}
