import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { controlGroupMemory } from '../../src/io/control-group.js';
import { machineMemory } from '../../src/pipeline/decide/memory.js';

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

/** A root that holds what Linux would show there. */
function write(files: Readonly<Record<string, string | number>>): string {
  const root = mkdtempSync(join(tmpdir(), 'titlesmith-groups-'));
  roots.push(root);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), `${content}\n`);
  }
  return root;
}

const unbounded = 2 ** 63 - 4096;

describe('memory of a control group', () => {
  test('of version 2 is bounded by the groups above it; files kept in memory count as free', () => {
    const root = write({
      'proc/self/cgroup': '0::/pods/one',
      'sys/fs/cgroup/pods/memory.max': 4e9,
      'sys/fs/cgroup/pods/memory.high': 'max',
      'sys/fs/cgroup/pods/memory.current': 3.5e9,
      'sys/fs/cgroup/pods/memory.stat': 'anon 1000000000\ninactive_file 2000000000\nactive_file 500000000',
      'sys/fs/cgroup/pods/memory.events': 'low 0\noom 2\noom_kill 1\noom_group_kill 0',
      'sys/fs/cgroup/pods/one/memory.max': 'max',
      'sys/fs/cgroup/pods/one/memory.high': 3.8e9,
      'sys/fs/cgroup/pods/one/memory.current': 3e9,
      'sys/fs/cgroup/pods/one/memory.stat': 'inactive_file 0\nactive_file 100000000',
      'sys/fs/cgroup/pods/one/memory.events': 'oom_kill 1',
    });
    expect(controlGroupMemory(root)).toEqual({ limit: 3.8e9, available: 0.9e9, kills: 2 });
  });

  test('of version 1 likewise', () => {
    const group = 'sys/fs/cgroup/memory/docker';
    const root = write({
      'proc/self/cgroup': '5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/',
      [`${group}/memory.limit_in_bytes`]: 2e9,
      [`${group}/memory.usage_in_bytes`]: 1.9e9,
      [`${group}/memory.stat`]:
        'inactive_file 7\ntotal_inactive_file 1000000000\ntotal_active_file 400000000',
      [`${group}/abc/memory.limit_in_bytes`]: unbounded,
      [`${group}/abc/memory.usage_in_bytes`]: 1e9,
      [`${group}/abc/memory.oom_control`]: 'oom_kill_disable 0\nunder_oom 0\noom_kill 3',
    });
    expect(controlGroupMemory(root)).toEqual({ limit: 2e9, available: 1.5e9, kills: 3 });
  });

  test('inside a container, where the path of the group means nothing, is that of the root', () => {
    const root = write({
      'proc/self/cgroup': '4:memory:/docker/abc',
      'sys/fs/cgroup/memory/memory.limit_in_bytes': 1e9,
      'sys/fs/cgroup/memory/memory.usage_in_bytes': 0.25e9,
    });
    expect(controlGroupMemory(root)).toMatchObject({ limit: 1e9, available: 0.75e9 });
  });

  test('has no bound where there is none, and kills are those of the machine', () => {
    const none = { limit: Number.POSITIVE_INFINITY, available: Number.POSITIVE_INFINITY };
    expect(controlGroupMemory(write({ 'proc/vmstat': 'pgfault 9\noom_kill 4' }))).toEqual({
      ...none,
      kills: 4,
    });
    const root = write({
      'proc/self/cgroup': '0::/init.scope',
      'sys/fs/cgroup/init.scope/memory.max': 'max',
      'sys/fs/cgroup/init.scope/memory.current': 5e8,
    });
    expect(controlGroupMemory(root)).toEqual({ ...none, kills: 0 });
  });

  test('leaves the machine its own bound', () => {
    expect(machineMemory()).toBeLessThanOrEqual(totalmem());
  });
});
