import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../src/io/package-root.js';

/** What a run is at, in order; `saving` is a part of finetune. */
export const stages = ['extract', 'dataset', 'finetune', 'saving', 'generate', 'dedupe', 'report'] as const;
export type Stage = (typeof stages)[number];

/** Who is killed: the batch and the processes of its runs at once, or one kind alone. */
export const targets = ['batch and runs', 'batch', 'runs'] as const;

/** When to kill: some time after the first run was first heard to be at a stage, or after the start. */
export interface Moment {
  readonly stage: Stage | undefined;
  readonly milliseconds: number;
  readonly target: (typeof targets)[number];
}

export interface Segment {
  /** Exit code; null where it was killed. */
  readonly code: number | null;
  /** What was at work when the kill came; undefined where it came too late. */
  readonly killedIn: string | undefined;
  /** The furthest stage heard of: its place among {@link stages}. */
  readonly reached: number;
  /** When the first run was first heard to be at each stage, in milliseconds. */
  readonly heard: ReadonlyMap<string, number>;
  readonly seconds: number;
}

const entry = join(packageRoot, 'dist/cli.js');

/** Processes that a process has started, by /proc. */
function childrenOf(pid: number): number[] {
  try {
    const listed = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return listed.split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function kill(pid: number, target: Moment['target']): boolean {
  const runs = childrenOf(pid);
  if (target === 'runs' && runs.length === 0) return false;
  for (const victim of [...(target === 'runs' ? [] : [pid]), ...(target === 'batch' ? [] : runs)]) {
    try {
      process.kill(victim, 'SIGKILL');
    } catch {
      // It has just ended by itself.
    }
  }
  return true;
}

/** Whether a checkpoint has a file half written, of after a time: what a kill leaves that came while it was saved. */
function isHalfSaved(checkpoint: string, after: number): boolean {
  try {
    return readdirSync(checkpoint).some(
      (name) => name.endsWith('.partial') && statSync(join(checkpoint, name)).mtimeMs >= after,
    );
  } catch {
    return false;
  }
}

/**
 * Runs a batch, or what is left of it, by --resume, and kills it at the moment given.
 * @param first the run that stages are heard of.
 */
export async function runSegment(
  { folder, file, runsDir, first }: Record<'folder' | 'file' | 'runsDir' | 'first', string>,
  moment: Moment | undefined,
): Promise<Segment> {
  const [started, startedAt] = [performance.now(), Date.now()];
  const child = spawn(process.execPath, [entry, 'batch', file, '--runs-dir', runsDir, '--resume', '--json'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, HF_HUB_OFFLINE: '1' },
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const checkpoint = join(folder, runsDir, first, 'checkpoint');
  const heard = new Map<string, number>();
  let at = 'start';
  let killedIn: string | undefined;
  let armed = false;
  let watch: NodeJS.Timeout | undefined;
  const arm = (milliseconds: number): void => {
    if (armed) return;
    armed = true;
    setTimeout(() => {
      if (child.exitCode === null && kill(child.pid!, moment!.target)) killedIn = at;
    }, milliseconds).unref();
  };
  const hear = (stage: Stage): void => {
    if (!heard.has(stage)) heard.set(stage, performance.now() - started);
    if (moment && stage === moment.stage) arm(moment.milliseconds);
  };
  if (moment && moment.stage === undefined) arm(moment.milliseconds);
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { stage, run } = JSON.parse(line) as { stage?: Stage; run?: string };
    if (stage === undefined || run !== first) return;
    at = stage;
    hear(stage);
    if (stage === 'finetune' && moment?.stage === 'saving')
      watch ??= setInterval(() => isHalfSaved(checkpoint, startedAt) && hear('saving'), 1);
  });
  const code = await ended;
  clearInterval(watch);
  if (killedIn === 'finetune' && isHalfSaved(checkpoint, startedAt)) killedIn = 'saving';
  const reached = Math.max(0, ...[...heard.keys()].map((stage) => stages.indexOf(stage as Stage)));
  return { code, killedIn, reached, heard, seconds: (performance.now() - started) / 1000 };
}
