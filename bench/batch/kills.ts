import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createRandom, type Random } from '../../src/common/random.js';
import { lastingFiles, lastingRecord, smallOptions, writeDumps } from '../../test/cli/batch-fixture.js';
import { type Moment, runSegment, type Segment, stages, targets } from './killed-batch.js';

/**
 * Kills batches with SIGKILL at random moments, goes on with each by --resume until it ends, and compares what it left
 * with an unbroken batch, byte by byte. Each is followed by the batch of the next week, on the folder it left: a month
 * more (--add-months), trained on (--restore-from latest), nothing accepted twice; killed and compared likewise.
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
const names = ['alpha', 'bravo'];
const weeks = ['first', 'next'] as const;
type Week = (typeof weeks)[number];
const folder = mkdtempSync(join(tmpdir(), 'titlesmith-kills-'));
const log = (line: string): void => void process.stdout.write(`${line}\n`);

/** Dumps in which the posts asked for stand among many others, so that reading them takes some time. */
function writeInput(): void {
  const months = ['2019-01', '2019-02', '2019-03'];
  const perMonth = (posts: number): Record<string, number> =>
    Object.fromEntries(months.map((month) => [month, posts]));
  writeDumps(join(folder, 'dumps/wanted'), perMonth(40), names);
  writeDumps(join(folder, 'dumps/others'), perMonth(10_000), ['zulu'], 1_000_000);
}

function writeBatch(week: Week): void {
  // Long enough for kills to come in the middle of training and saving.
  const options = smallOptions
    .replace('dumps/RS', 'dumps/*/RS')
    .replace('steps: 6', 'steps: 30')
    .replace('nsamples: 8', 'nsamples: 40')
    .replace('length: 8', 'length: 16');
  const months = `  from: 2019-01\n  to: ${week === 'first' ? '2019-02' : '2019-03'}\n  add-months: true\n`;
  writeFileSync(
    join(folder, `${week}.yaml`),
    `jobs: 1\nretries: 50\nretry-pause: 1s\noptions:\n${options}${months}  restore-from: latest\n` +
      'subreddits:\n  alpha:\n  bravo:\n    until: dataset\n',
  );
}

const run = (week: Week, runsDir: string, moment?: Moment): Promise<Segment> =>
  runSegment({ folder, file: `${week}.yaml`, runsDir, first: names[0]! }, moment);

function pick<Item>(items: readonly Item[], random: Random): Item {
  return items[random.integer(items.length)]!;
}

/** Milliseconds from the first word of each stage to that of the next, in an unbroken batch. */
function stageLengths({ heard, seconds }: Segment): ReadonlyMap<string, number> {
  // A moment while a checkpoint is written; nobody is told of it.
  const lengths = new Map<string, number>([['saving', 10]]);
  let end = 1000 * seconds;
  for (const stage of [...stages].reverse()) {
    const start = heard.get(stage);
    if (start === undefined) continue;
    lengths.set(stage, Math.max(100, end - start));
    end = start;
  }
  return lengths;
}

/**
 * One kill in five comes some time after the start, the others while a stage is at work: any from the furthest one
 * reached so far, so that work goes on between kills.
 * @param reached the furthest stage heard of so far.
 */
function nextMoment(random: Random, reached: number, lengths: ReadonlyMap<string, number>): Moment {
  const target = pick(targets, random);
  const stage = random.uniform() < 0.2 ? undefined : pick(stages.slice(reached), random);
  const length = stage === undefined ? 3000 : (lengths.get(stage) ?? 100);
  return { stage, milliseconds: length * random.uniform(), target };
}

/** What a batch left, to be the same however often it was killed. */
function left(runsDir: string): string {
  const files = names.map((name) => [name, lastingFiles(join(folder, runsDir, name))]);
  return JSON.stringify({
    files: Object.fromEntries(files),
    record: lastingRecord(join(folder, runsDir), names),
  });
}

/** How often each thing happened. */
class Tally {
  private readonly counts = new Map<string, number>();

  add(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  toString(): string {
    return [...this.counts]
      .sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  }
}
const order: readonly string[] = ['start', ...stages, ...targets];

try {
  log(`seed ${seed}`);
  writeInput();
  const unbroken = new Map<Week, { readonly lengths: ReadonlyMap<string, number>; readonly left: string }>();
  for (const week of weeks) {
    writeBatch(week);
    const whole = await run(week, 'whole');
    if (whole.code !== 0) throw new Error(`The unbroken batch of the ${week} week ended with ${whole.code}.`);
    const lengths = stageLengths(whole);
    unbroken.set(week, { lengths, left: left('whole') });
    const shown = [...lengths].reverse().map(([stage, length]) => `${stage} ${Math.round(length)}`);
    log(`unbroken, ${week} week: ${whole.seconds.toFixed(1)} s; ms: ${shown.join(', ')}`);
  }
  const random = createRandom(seed, 'kills');
  const byWeek = { first: new Tally(), next: new Tally() };
  const byTarget = new Tally();
  let [kills, batches, different] = [0, 0, 0];
  for (let folders = 1; kills < wanted; folders++) {
    const runsDir = `killed-${folders}`;
    let isSame = true;
    for (const week of weeks) {
      const here: string[] = [];
      for (let furthest = 0; ; ) {
        const { lengths } = unbroken.get(week)!;
        const moment = kills < wanted ? nextMoment(random, furthest, lengths) : undefined;
        const { code, killedIn, reached } = await run(week, runsDir, moment);
        furthest = Math.max(furthest, reached);
        if (killedIn !== undefined && moment) {
          kills++;
          here.push(`${killedIn} (${moment.target})`);
          byWeek[week].add(killedIn);
          byTarget.add(moment.target);
        }
        if (code === 0) break;
        if (code !== null) throw new Error(`${runsDir}, ${week} week: ended with ${code} after ${here}`);
      }
      batches++;
      const isEqual = left(runsDir) === unbroken.get(week)!.left;
      if (!isEqual) different++;
      isSame &&= isEqual;
      const verdict = isEqual ? 'the same bytes' : 'DIFFERENT';
      log(`${runsDir}, ${week} week: ${here.length} kills, ${verdict}: ${here.join(', ')} [${kills}]`);
    }
    if (isSame) rmSync(join(folder, runsDir), { recursive: true });
  }
  log(`\n${kills} kills in ${batches} batches, seed ${seed}; ${different} ended with other bytes`);
  log(`at work, first week: ${byWeek.first}`);
  log(`at work, next week: ${byWeek.next}`);
  log(`killed: ${byTarget}`);
  if (different > 0) process.exitCode = 1;
  else rmSync(folder, { recursive: true });
  if (different > 0) log(`the folder is ${folder}`);
} catch (error) {
  log(`${error instanceof Error ? error.message : error}; the folder is ${folder}`);
  process.exitCode = 1;
}
