import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BatchRecord } from '../../src/report/batch/batch-record.js';
import { madeUpTitles } from './titles.js';

/** Made-up posts of some subreddits, a dump a month, as Pushshift writes them. @param first number of the first post. */
export function writeDumps(
  folder: string,
  months: Readonly<Record<string, number>>,
  names: readonly string[],
  first = 0,
): void {
  mkdirSync(folder, { recursive: true });
  const titles = madeUpTitles(600);
  let next = first;
  for (const [month, perSubreddit] of Object.entries(months)) {
    const [year, number] = month.split('-').map(Number);
    const lines = names.flatMap((name) =>
      Array.from({ length: perSubreddit }, (_, index) => {
        const created = Date.UTC(year!, number! - 1, 2, 0, 0, index) / 1000;
        const post = { id: (1e6 + next).toString(36), title: titles[next % titles.length], subreddit: name };
        next += 1;
        return JSON.stringify({ ...post, score: 1000 - (next % 900), created_utc: created, over_18: false });
      }),
    );
    writeFileSync(join(folder, `RS_${month}.ndjson`), `${lines.join('\n')}\n`);
  }
}

/** Options of a batch file that make runs small enough for a test. */
export const smallOptions = `  source: duckdb
  input: dumps/RS_*.ndjson
  model: nano
  threads: 1
  steps: 6
  batch-size: 1
  save-every: 2
  evaluate-every: 3
  sample-every: 0
  nsamples: 8
  length: 8
`;

/** Flags for a batch that goes on after one that was killed, whose runs first save what they have: it tries again for minutes. */
export const patience = ['--retry-pause', '1s', '--retries', '9'] as const;

export function readBatch(folder: string, name = 'batch.json'): BatchRecord {
  return JSON.parse(readFileSync(join(folder, name), 'utf8')) as BatchRecord;
}

/** A report with any date in place of the day on which its run was begun, which is that of its run.json. */
export function withoutDay(root: string, report: Buffer): Buffer {
  const { createdAt } = JSON.parse(readFileSync(join(root, 'run.json'), 'utf8')) as { createdAt: string };
  return Buffer.from(report.toString('utf8').replaceAll(createdAt.slice(0, 10), 'that day'));
}

/**
 * What must not depend on how often a run was cut: all of its files but those that hold times; metrics without speeds, reports
 * without the day.
 */
export function lastingFiles(root: string): Record<string, string> {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  const holdsTimes = /(^|[\\/])(run\.json|run\.lock|events\.out\.tfevents\.[^\\/]*)$/;
  const files = names.filter((name) => statSync(join(root, name)).isFile() && !holdsTimes.test(name));
  const content = (name: string): Buffer => {
    const bytes = readFileSync(join(root, name));
    if (/^report\.(html|json)$/.test(name)) return withoutDay(root, bytes);
    if (!name.endsWith('metrics.jsonl')) return bytes;
    return Buffer.from(bytes.toString('utf8').replace(/,"tokensPerSecond":[\d.]+/g, ''));
  };
  const hash = (name: string): string => createHash('sha256').update(content(name)).digest('hex');
  return Object.fromEntries(files.map((name) => [name.replaceAll('\\', '/'), hash(name)]));
}

/** What must stay of run.json and batch.json: all but times, and hashes of files that hold times. */
export function lastingRecord(runsDir: string, names: readonly string[]): unknown {
  const runs = names.map((name) => {
    const { options, decisions, stages } = JSON.parse(readFileSync(join(runsDir, name, 'run.json'), 'utf8'));
    const lasting = Object.entries(stages as Record<string, { status: string; counts: unknown }>).map(
      ([stage, { status, counts }]) => [stage, status, counts],
    );
    // The folder differs on purpose.
    return { name, options: { ...options, runsDir: null }, decisions, stages: lasting };
  });
  const record = readBatch(runsDir);
  const batch = record.runs.map(({ name, status, error, figures, report }) => ({
    name,
    status,
    error,
    figures,
    report,
  }));
  return { runs, batch, isFinished: record.finishedAt !== null };
}
