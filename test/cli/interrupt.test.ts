import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runCli, type Started, startCli, temporaryFolder } from './run-cli.js';
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
      .update(readFileSync(join(root, name)))
      .digest('hex');
  return Object.fromEntries(files.map((name) => [name.replaceAll('\\', '/'), hash(name)]));
}

/** Starts the command and waits until its training is two steps past its first checkpoint. */
async function startAndTrain(runsFolder: string, steps?: number): Promise<Started> {
  const started = startCli([...command(runsFolder, steps), '--json'], folder);
  await started.outputMatches(new RegExp(`"stage":"finetune".*"done":${saveEvery + 2},`));
  return started;
}

beforeAll(async () => {
  writeFileSync(join(folder, 'titles.csv'), toCsv(madeUpTitles(120)));
  const whole = await runCli(command('whole'), folder);
  expect(whole.errors).not.toContain('Error');
  expect(whole.code).toBe(0);
});

describe('a training that is cut short', () => {
  test('by kill -9 goes on with the same command and ends with the same bytes', async () => {
    const { child, finished } = await startAndTrain('killed');
    child.kill('SIGKILL');
    expect((await finished).signal).toBe('SIGKILL');
    expect(stageStatus('killed', 'finetune')).toBe('running');

    const resumed = await runCli(command('killed'), folder);
    expect(resumed.errors).toMatch(/Taking over the lock/);
    expect(resumed.errors).toMatch(/^finetune +going on where it stopped/m);
    expect(resumed.code).toBe(0);
    expect(lastingFiles('killed')).toEqual(lastingFiles('whole'));
  });

  test('by Ctrl-C saves, says how to go on, and goes on', async () => {
    const { child, finished } = await startAndTrain('stopped');
    child.kill('SIGINT');
    const stopped = await finished;
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
    const { child, finished } = await startAndTrain('changed', 5000);
    child.kill('SIGTERM');
    expect((await finished).code).toBe(130);
    expect(stageStatus('changed', 'finetune')).toBe('interrupted');

    const anew = await runCli(command('changed'), folder);
    expect(anew.errors).toMatch(/^finetune +its options or inputs changed/m);
    expect(lastingFiles('changed')).toEqual(lastingFiles('whole'));
  });

  test('by a second Ctrl-C ends at once', async () => {
    const { child, finished, outputMatches } = await startAndTrain('twice', 100_000);
    child.kill('SIGINT');
    await outputMatches(/Stopping after this step/);
    const again = setInterval(() => child.kill('SIGINT'), 100);
    const stopped = await finished;
    clearInterval(again);
    expect(stopped.code).toBe(130);
  });
});

test('a stage on its own takes new options, and the pipeline then puts its own back', async () => {
  const generated = await runCli(
    ['generate', 'whole/made-up', '--nsamples', '3', '--prefix', 'Who knows', '--seed', '5'],
    folder,
  );
  expect(generated.code).toBe(0);
  const texts = generated.output.split(`${'='.repeat(20)}\n`).filter((text) => text !== '');
  expect(texts).toHaveLength(3);
  expect(texts.every((text) => text.startsWith('Who knows'))).toBe(true);

  const before = lastingFiles('stopped');
  const restored = await runCli(command('whole'), folder);
  expect(restored.errors).toMatch(/^finetune +skipped/m);
  expect(restored.errors).toMatch(/^generate +its options or inputs changed/m);
  expect(lastingFiles('whole')).toEqual(before);
});
