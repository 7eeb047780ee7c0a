import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import type { PipelineEvent, PipelineResult } from '../../src/pipeline/pipeline.js';
import { writeDumps } from '../cli/batch-fixture.js';
import { temporaryFolder } from '../cli/run-cli.js';

const folder = temporaryFolder();
const entry = pathToFileURL(join(packageRoot, 'dist/index.js')).href;

/** What a caller of the library got: errors as their code and message. */
interface Called {
  readonly result?: PipelineResult;
  readonly thrown?: { readonly code: string };
  readonly events: readonly PipelineEvent[];
}

/**
 * Calls `runPipeline` in a process of its own, which prints what it got and nothing else.
 * @param stopAt code that, given an event, says whether to stop there.
 */
async function call(options: object, stopAt = 'false'): Promise<Called> {
  const script = join(folder, 'call.mjs');
  const code = `import { runPipeline } from ${JSON.stringify(entry)};
    const stop = new AbortController();
    const events = [];
    const onProgress = (event) => {
      events.push(event);
      if (${stopAt}) stop.abort();
    };
    const plain = (key, value) =>
      value instanceof Error ? { code: value.code, message: value.message } : value;
    const called = await runPipeline(${JSON.stringify(options)}, { onProgress, signal: stop.signal }).then(
      (result) => ({ result }),
      (thrown) => ({ thrown }),
    );
    console.log(JSON.stringify({ ...called, events }, plain));`;
  writeFileSync(script, code);
  const env = { PATH: process.env['PATH'], HOME: folder, HF_HUB_OFFLINE: '1' };
  const child = spawn(process.execPath, [script], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  expect(errors).toBe('');
  expect(output.trim().split('\n')).toHaveLength(1);
  return JSON.parse(output) as Called;
}

const fromDumps = { source: 'duckdb', input: ['dumps/RS_2019-01.ndjson'], until: 'dataset' } as const;

beforeAll(() => writeDumps(join(folder, 'dumps'), { '2019-01': 40 }, ['alpha', 'charlie']));

describe('runPipeline, called from code', () => {
  test('gives a result for each run, tells of them as they end, and prints nothing', async () => {
    const subreddit = ['alpha', 'bravo', 'charlie'];
    const { result, events } = await call({ ...fromDumps, subreddit, runsDir: 'several' });
    expect(result?.runs).toMatchObject([
      { status: 'finished', name: 'alpha', folder: join('several', 'alpha'), overfits: false },
      { status: 'failed', name: 'bravo', error: { code: 'unknown-subreddit' } },
      { status: 'finished', name: 'charlie', manifest: { name: 'charlie' } },
    ]);
    const [alpha] = result!.runs;
    const counts = alpha?.status === 'finished' ? alpha.manifest.stages.extract?.counts : undefined;
    expect(counts).toMatchObject({ extracted: 40 });
    const ends = events.filter((event) => event.kind === 'run');
    expect(ends.map(({ run }) => run)).toEqual(subreddit);
    expect(ends.map((event) => event.kind === 'run' && event.result)).toEqual(result?.runs);
    expect(events).toContainEqual({
      kind: 'note',
      run: 'charlie',
      stage: 'dataset',
      message: expect.stringContaining('held out'),
    });
  });

  test('names no run in the events of a single one, whose failure is in its result', async () => {
    const { result, events } = await call({ ...fromDumps, subreddit: ['bravo'], runsDir: 'single' });
    expect(result?.runs).toMatchObject([{ status: 'failed', name: 'bravo' }]);
    expect(events.every((event) => event.run === undefined)).toBe(true);
    expect(events.at(-1)).toMatchObject({ kind: 'run', result: { status: 'failed' } });
  });

  test('stops at its signal: the run at work is interrupted, no other is begun', async () => {
    const asked = { ...fromDumps, subreddit: ['alpha', 'charlie'], runsDir: 'stopped' };
    const { result } = await call(asked, "event.stage === 'extract'");
    expect(result?.runs).toMatchObject([{ status: 'failed', name: 'alpha', error: { code: 'interrupted' } }]);
  });

  test('throws before any run for what no run can do', async () => {
    const { thrown, events } = await call({
      ...fromDumps,
      subreddit: ['alpha'],
      from: '2019-02',
      to: '2019-01',
    });
    expect(thrown).toMatchObject({ code: 'usage' });
    expect(events).toEqual([]);
  });
});
