import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { onKeyPresses } from '../../src/cli/interrupt.js';
import { schemaFaults } from '../report/report-schema.js';
import { withoutDay } from './batch-fixture.js';
import { atMoments, type Finished, runCli, startCli, temporaryFolder } from './run-cli.js';
import { madeUpTitles, toCsv } from './titles.js';

const folder = temporaryFolder();

const saveEvery = 4;

/** A training small enough for a test, with a checkpoint every few steps. */
function command(runsFolder: string, steps = 24): string[] {
  const size = ['--steps', String(steps), '--batch-size', '1', '--print-every', '1'];
  const marks = ['--save-every', String(saveEvery), '--evaluate-every', '12'];
  const rest = ['--nsamples', '10', '--length', '12', '--runs-dir', runsFolder, '--run-name', 'made-up'];
  return ['pipeline', '--source', 'csv', '--input', 'titles.csv', ...size, ...marks, ...rest];
}

function stageStatus(runsFolder: string, stage: string): string {
  const manifest = JSON.parse(readFileSync(join(folder, runsFolder, 'made-up/run.json'), 'utf8'));
  return manifest.stages[stage]?.status;
}

/** SHA-256 of every file that must not depend on where the training was cut: all but those that hold times. */
function lastingFiles(runsFolder: string): Record<string, string> {
  const root = join(folder, runsFolder, 'made-up');
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  const holdsTimes = /run\.json$|run\.lock$|metrics\.jsonl$|tfevents/;
  const files = names.filter((name) => statSync(join(root, name)).isFile() && !holdsTimes.test(name));
  const hash = (name: string): string =>
    createHash('sha256')
      .update(
        /^report\./.test(name)
          ? withoutDay(root, readFileSync(join(root, name)))
          : readFileSync(join(root, name)),
      )
      .digest('hex');
  return Object.fromEntries(files.map((name) => [name.replaceAll('\\', '/'), hash(name)]));
}

/** Runs the command, which sends itself a signal when its training is two steps past its first checkpoint. */
async function cut(runsFolder: string, signal: NodeJS.Signals, steps?: number): Promise<Finished> {
  const output = new RegExp(`"stage":"finetune".*"done":${saveEvery + 2},`);
  return startCli([...command(runsFolder, steps), '--json'], folder, atMoments({ signal, output })).finished;
}

beforeAll(async () => {
  writeFileSync(join(folder, 'titles.csv'), toCsv(madeUpTitles(120)));
  const whole = await runCli(command('whole'), folder);
  expect(whole.errors).not.toContain('Error');
  expect(whole.code).toBe(0);
});

test('a run that was not cut short says when it was begun and what was decided, as the published schema has it', () => {
  const read = (name: string) => JSON.parse(readFileSync(join(folder, 'whole/made-up', name), 'utf8'));
  const report = read('report.json');
  expect(schemaFaults(report)).toEqual([]);
  expect(report.run.begun).toBe(read('run.json').createdAt.slice(0, 10));
  expect(report.run.trainedOn).toBe('onnxruntime cpu');
  expect(report.run.settings).toContainEqual({ name: 'batch-size', value: '1' });
  expect(report.run.given).toContainEqual({ name: 'steps', value: '24' });
  expect(report.training).toMatchObject({ steps: 24, plannedSteps: 24 });
  expect(report.curve.validation[0]).toEqual({ step: 0, loss: report.training.initialValidationLoss });
  // Per byte these are the losses that title-losses.json has, where no title is left out there.
  const { tokensPerByte } = report.curve;
  const perByte = (report.training.bestValidationLoss / Math.LN2) * tokensPerByte.heldOut;
  expect(perByte).toBeCloseTo(report.training.bitsPerByte.model, 2);
});

describe('a training that is cut short', () => {
  test('by kill -9 goes on with the same command and ends with the same bytes', async () => {
    expect((await cut('killed', 'SIGKILL')).signal).toBe('SIGKILL');
    expect(stageStatus('killed', 'finetune')).toBe('running');

    const resumed = await runCli(command('killed'), folder);
    expect(resumed.errors).toMatch(/Taking over the lock/);
    expect(resumed.errors).toMatch(/^finetune +going on where it stopped/m);
    expect(resumed.code).toBe(0);
    expect(lastingFiles('killed')).toEqual(lastingFiles('whole'));
  });

  test('by Ctrl-C saves, says how to go on, and goes on', async () => {
    const stopped = await cut('stopped', 'SIGINT');
    expect(stopped.code).toBe(130);
    expect(stopped.output).toContain('Stopping after this step');
    expect(stopped.errors).toMatch(/Run the same command again to go on\.\n$/);
    expect(stageStatus('stopped', 'finetune')).toBe('interrupted');
    expect(existsSync(join(folder, 'stopped/made-up/run.lock'))).toBe(false);

    const resumed = await runCli(command('stopped'), folder);
    expect(resumed.errors).toMatch(/^finetune +going on where it stopped/m);
    expect(resumed.code).toBe(0);
    expect(lastingFiles('stopped')).toEqual(lastingFiles('whole'));
  });

  test('by SIGTERM saves too, and begins anew when its options changed meanwhile', async () => {
    expect((await cut('changed', 'SIGTERM', 5000)).code).toBe(130);
    expect(stageStatus('changed', 'finetune')).toBe('interrupted');

    const anew = await runCli(command('changed'), folder);
    expect(anew.errors).toMatch(/^finetune +its options or inputs changed/m);
    expect(lastingFiles('changed')).toEqual(lastingFiles('whole'));
  });

  test('by a second Ctrl-C ends at once', async () => {
    // A step of so many batches takes minutes, which the first Ctrl-C alone would wait for.
    const endless = [...command('twice'), '--accumulate-gradients', '4096', '--json'];
    const { child, finished, outputMatches } = startCli(endless, folder);
    await expect.poll(() => stageStatus('twice', 'finetune')).toBe('running');
    child.kill('SIGINT');
    await outputMatches(/Stopping after this step/);
    const again = setInterval(() => child.kill('SIGINT'), 100);
    const stopped = await finished;
    clearInterval(again);
    expect(stopped.signal).toBe('SIGINT');
    expect(stageStatus('twice', 'finetune')).toBe('running');
  });

  test('by a second SIGTERM ends at once in a read of a pipe that nobody writes to', async () => {
    const pipe = join(folder, 'pipe.csv');
    execFileSync('mkfifo', [pipe]);
    const words = ['pipeline', '--source', 'csv', '--input', pipe, '--run-name', 'piped', '--model', 'nano'];
    const { child, finished, outputMatches } = startCli([...words, '--json'], folder);
    await outputMatches(/model: nano/);
    child.kill('SIGTERM');
    await outputMatches(/Stopping after this step/);
    const again = setInterval(() => child.kill('SIGTERM'), 100);
    const stopped = await finished;
    clearInterval(again);
    expect(stopped.signal).toBe('SIGTERM');
    expect(existsSync(join(folder, 'runs/piped'))).toBe(false);
  });
});

describe('key presses', () => {
  /** What is heard of signals at these times, in milliseconds. */
  function heard(...times: readonly number[]): string[] {
    const calls: string[] = [];
    let now = 0;
    const onSignal = onKeyPresses(
      () => calls.push(`first at ${now}`),
      () => calls.push(`second at ${now}`),
      () => now,
    );
    for (now of times) onSignal(undefined);
    return calls;
  }

  test('are two where the second signal comes later than a terminal and npm tell of one', () => {
    expect(heard(0, 300, 301, 302)).toEqual(['first at 0', 'second at 301', 'second at 302']);
    expect(heard(5000, 5000, 5010, 5290)).toEqual(['first at 5000']);
  });
});

test('titles of other options are added by the stage on its own, and stay', async () => {
  const generated = await runCli(
    ['generate', 'whole/made-up', '--nsamples', '3', '--prefix', 'Who knows', '--seed', '5'],
    folder,
  );
  expect(generated.code).toBe(0);
  const texts = generated.output.split(`${'='.repeat(20)}\n`).filter((text) => text !== '');
  expect(texts).toHaveLength(3);
  expect(texts.every((text) => text.startsWith('Who knows'))).toBe(true);

  const whole = (name: string): string => readFileSync(join(folder, 'whole/made-up', name), 'utf8');
  const before = readFileSync(join(folder, 'stopped/made-up/generated.jsonl'), 'utf8');
  expect(whole('generated.jsonl').startsWith(before)).toBe(true);
  expect(whole('generated.jsonl').split('\n')).toHaveLength(10 + 3 + 1);
  expect(generated.errors).toMatch(/^stale: dedupe, report, /m);
  const followed = await runCli(command('whole'), folder);
  expect(followed.errors).toMatch(/^finetune +skipped/m);
  expect(followed.errors).toMatch(/^generate +skipped/m);
  expect(followed.errors).toMatch(/^dedupe +its inputs changed/m);
  expect(followed.errors).not.toContain('stale');
  expect(JSON.parse(whole('judgement.json')).verdicts).toHaveLength(13);
});
