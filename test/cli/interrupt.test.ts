import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runCli, startCli, temporaryFolder } from './run-cli.js';
import { madeUpTitles, toCsv } from './titles.js';

const folder = temporaryFolder();

/** A training small enough for a test, with a checkpoint every few steps. */
function command(runsFolder: string, steps = 60): string[] {
  const training = [
    '--steps',
    String(steps),
    '--batch-size',
    '2',
    '--save-every',
    '5',
    '--evaluate-every',
    '20',
    '--print-every',
    '1',
  ];
  const rest = ['--nsamples', '10', '--length', '12', '--runs-dir', runsFolder, '--run-name', 'made-up'];
  return ['pipeline', '--source', 'csv', '--input', 'titles.csv', ...training, ...rest];
}

function stageStatus(runsFolder: string, stage: string): string {
  const manifest = JSON.parse(readFileSync(join(folder, runsFolder, 'made-up/run.json'), 'utf8'));
  return manifest.stages[stage]?.status;
}

/** Every file whose bytes must not depend on where the training was cut: all but times. */
function lastingFiles(runsFolder: string): Record<string, string> {
  const root = join(folder, runsFolder, 'made-up');
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) =>
    /\.(csv|txt|safetensors|html)$|generated\.jsonl$|report\.json$/.test(name),
  );
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(root, name)).toString('base64')]));
}

/** Resolves once the training has saved a checkpoint. */
async function checkpointSaved(runsFolder: string, isAlive: () => boolean): Promise<void> {
  const checkpoint = join(folder, runsFolder, 'made-up/checkpoint/training.json');
  while (!existsSync(checkpoint)) {
    if (!isAlive()) throw new Error('the process ended before it saved a checkpoint');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

beforeAll(async () => {
  writeFileSync(join(folder, 'titles.csv'), toCsv(madeUpTitles(120)));
  const whole = await runCli(command('whole'), folder);
  expect(whole.errors).not.toContain('Error');
  expect(whole.code).toBe(0);
});

describe('a training that is cut short', () => {
  test('by kill -9 goes on with the same command and ends with the same bytes', async () => {
    const { child, finished } = startCli(command('killed'), folder);
    await checkpointSaved('killed', () => child.exitCode === null);
    child.kill('SIGKILL');
    expect((await finished).signal).toBe('SIGKILL');
    expect(stageStatus('killed', 'finetune')).toBe('running');

    const resumed = await runCli(command('killed'), folder);
    expect(resumed.errors).toMatch(/Taking over the lock/);
    expect(resumed.errors).toMatch(/^finetune +going on where it stopped/m);
    expect(resumed.code).toBe(0);
    expect(lastingFiles('killed')).toEqual(lastingFiles('whole'));
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('by %s saves, says how to go on, and goes on', async (signal) => {
    const { child, finished } = startCli(command(signal), folder);
    await checkpointSaved(signal, () => child.exitCode === null);
    child.kill(signal);
    const stopped = await finished;
    expect(stopped.code).toBe(130);
    expect(stopped.errors).toContain('Stopping after this step');
    expect(stopped.errors).toMatch(/Run the same command again to go on\.\n$/);
    expect(stageStatus(signal, 'finetune')).toBe('interrupted');
    expect(existsSync(join(folder, signal, 'made-up/run.lock'))).toBe(false);

    const resumed = await runCli(command(signal), folder);
    expect(resumed.errors).toMatch(/^finetune +going on where it stopped/m);
    expect(resumed.code).toBe(0);
    expect(lastingFiles(signal)).toEqual(lastingFiles('whole'));
  });

  test('begins anew when its options changed meanwhile', async () => {
    const { child, finished } = startCli(command('changed', 5000), folder);
    await checkpointSaved('changed', () => child.exitCode === null);
    child.kill('SIGKILL');
    await finished;
    const anew = await runCli(command('changed'), folder);
    expect(anew.errors).toMatch(/^finetune +its options or inputs changed/m);
    expect(lastingFiles('changed')).toEqual(lastingFiles('whole'));
  });
});

test('a second Ctrl-C ends the process at once', async () => {
  const { child, finished, errorsMatch } = startCli(command('twice', 100_000), folder);
  await checkpointSaved('twice', () => child.exitCode === null);
  child.kill('SIGINT');
  await errorsMatch(/Stopping after this step/);
  const again = setInterval(() => child.kill('SIGINT'), 100);
  const stopped = await finished;
  clearInterval(again);
  expect(stopped.code).toBe(130);
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

  const before = lastingFiles('killed');
  const restored = await runCli(command('whole'), folder);
  expect(restored.errors).toMatch(/^finetune +skipped/m);
  expect(restored.errors).toMatch(/^generate +its options or inputs changed/m);
  expect(lastingFiles('whole')).toEqual(before);
});
