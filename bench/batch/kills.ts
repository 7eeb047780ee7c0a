import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { packageRoot } from '../../src/common/package-root.js';
import { createRandom, type Random } from '../../src/common/random.js';
import { lastingFiles, lastingRecord, smallOptions, writeDumps } from '../../test/cli/batch-fixture.js';

/**
 * Kills batches with SIGKILL at random moments, goes on with each by --resume until it ends, and compares what it left
 * with an unbroken batch, byte by byte.
 *
 *     npm run bench -- batch/kills --kills 200 --seed 1
 *
 * Compared are all files of each run, but for times: metrics.jsonl without `tokensPerSecond`, and of run.json and
 * batch.json status, options, decisions and counts. A file that is left over counts as a difference.
 */
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now()) },
  },
});
const [wanted, seed] = [Number(values.kills), Number(values.seed)];
const stages = ['extract', 'dataset', 'finetune', 'generate', 'dedupe', 'report'] as const;
const targets = ['batch and runs', 'batch', 'runs'] as const;
const names = ['alpha', 'bravo'];
const entry = join(packageRoot, 'dist/cli.js');
const folder = mkdtempSync(join(tmpdir(), 'titlesmith-kills-'));
// Long enough for kills to come in the middle of training and saving.
const options = smallOptions.replace('steps: 6', 'steps: 30').replace('nsamples: 8', 'nsamples: 40');
const log = (line: string): void => void process.stdout.write(`${line}\n`);

/** When to kill: a moment after a stage was first heard of, or after the start. */
interface Moment {
  readonly stage: string | undefined;
  readonly milliseconds: number;
  readonly target: (typeof targets)[number];
}

interface Segment {
  /** Exit code; null where it was killed. */
  readonly code: number | null;
  /** What was at work when the kill came; undefined where it came too late. */
  readonly killedIn: string | undefined;
  /** The furthest stage heard of. */
  readonly reached: number;
  /** When each stage of the first run was first heard of, in milliseconds. */
  readonly heard: ReadonlyMap<string, number>;
  readonly seconds: number;
}

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
  const victims = [...(target === 'runs' ? [] : [pid]), ...(target === 'batch' ? [] : runs)];
  for (const victim of victims) {
    try {
      process.kill(victim, 'SIGKILL');
    } catch {
      // It has just ended by itself.
    }
  }
  return true;
}

/** Runs the batch once, or what is left of it, and kills it at the moment given. */
async function segment(runsDir: string, moment: Moment | undefined): Promise<Segment> {
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [entry, 'batch', 'batch.yaml', '--runs-dir', runsDir, '--resume', '--json'],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, HF_HUB_OFFLINE: '1' },
    },
  );
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  let [at, killedIn]: (string | undefined)[] = ['start', undefined];
  let armed = false;
  let reached = 0;
  const heard = new Map<string, number>();
  const arm = (milliseconds: number): void => {
    if (armed) return;
    armed = true;
    setTimeout(() => {
      if (child.exitCode === null && kill(child.pid!, moment!.target)) killedIn = at;
    }, milliseconds).unref();
  };
  if (moment && moment.stage === undefined) arm(moment.milliseconds);
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { stage, run } = JSON.parse(line) as { stage?: string; run?: string };
    if (stage === undefined || run !== names[0]) return;
    if (!heard.has(stage)) heard.set(stage, performance.now() - started);
    at = stage;
    reached = Math.max(reached, (stages as readonly string[]).indexOf(stage));
    if (moment && stage === moment.stage) arm(moment.milliseconds);
  });
  const code = await ended;
  return { code, killedIn, reached, heard, seconds: (performance.now() - started) / 1000 };
}

function pick<Item>(items: readonly Item[], random: Random): Item {
  return items[random.integer(items.length)]!;
}

/** Milliseconds from the first word of each stage to that of the next, in the unbroken batch. */
function stageLengths(heard: ReadonlyMap<string, number>, ended: number): ReadonlyMap<string, number> {
  const times = [...stages.map((stage) => heard.get(stage) ?? ended), ended];
  return new Map(stages.map((stage, index) => [stage, Math.max(100, times[index + 1]! - times[index]!)]));
}

/**
 * One kill in five comes some time after the start, the others while a stage is at work: the furthest one reached so
 * far or the next, so that work goes on between kills.
 * @param reached the furthest stage heard of so far.
 */
function nextMoment(random: Random, reached: number, lengths: ReadonlyMap<string, number>): Moment {
  const target = pick(targets, random);
  const stage = random.uniform() < 0.2 ? undefined : pick(stages.slice(reached, reached + 2), random);
  const length = stage === undefined ? 3000 : lengths.get(stage)!;
  return { stage, milliseconds: length * random.uniform(), target };
}

function left(runsDir: string): unknown {
  const files = names.map((name) => [name, lastingFiles(join(folder, runsDir, name))]);
  return { files: Object.fromEntries(files), record: lastingRecord(join(folder, runsDir), names) };
}

try {
  log(`seed ${seed}`);
  writeDumps(join(folder, 'dumps'), { '2019-01': 40, '2019-02': 40 }, names);
  const settings = 'jobs: 1\nretries: 50\nretry-pause: 1s\n';
  writeFileSync(
    join(folder, 'batch.yaml'),
    `${settings}options:\n${options}subreddits:\n  alpha:\n  bravo:\n    until: dataset\n`,
  );
  const whole = await segment('whole', undefined);
  if (whole.code !== 0) throw new Error(`The unbroken batch ended with ${whole.code}.`);
  log(`unbroken: ${whole.seconds.toFixed(1)} s`);
  const lengths = stageLengths(whole.heard, 1000 * whole.seconds);
  const expected = JSON.stringify(left('whole'));
  const random = createRandom(seed, 'kills');
  const byStage = new Map<string, number>();
  const byTarget = new Map<string, number>();
  let [kills, batches, different] = [0, 0, 0];
  while (kills < wanted) {
    const runsDir = `killed-${batches}`;
    const here: string[] = [];
    let furthest = 0;
    for (;;) {
      const moment = kills < wanted ? nextMoment(random, furthest, lengths) : undefined;
      const { code, killedIn, reached } = await segment(runsDir, moment);
      furthest = Math.max(furthest, reached);
      if (killedIn !== undefined && moment) {
        kills++;
        here.push(`${killedIn} (${moment.target})`);
        byStage.set(killedIn, (byStage.get(killedIn) ?? 0) + 1);
        byTarget.set(moment.target, (byTarget.get(moment.target) ?? 0) + 1);
      }
      if (code === 0) break;
      if (code !== null) throw new Error(`${runsDir} ended with ${code} after: ${here.join(', ')}.`);
    }
    batches++;
    const isSame = JSON.stringify(left(runsDir)) === expected;
    if (!isSame) different++;
    log(
      `batch ${batches}: ${here.length} kills, ${isSame ? 'the same bytes' : 'DIFFERENT'}: ${here.join(', ')}`,
    );
    if (isSame) rmSync(join(folder, runsDir), { recursive: true });
  }
  const shares = (counts: ReadonlyMap<string, number>): string =>
    [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
  log(`\n${kills} kills in ${batches} batches, seed ${seed}; ${different} ended with other bytes`);
  log(`at work: ${shares(byStage)}`);
  log(`killed: ${shares(byTarget)}`);
  if (different > 0) process.exitCode = 1;
  else rmSync(folder, { recursive: true });
} catch (error) {
  log(`${error instanceof Error ? error.message : error}; the folder is ${folder}`);
  process.exitCode = 1;
}
