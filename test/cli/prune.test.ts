import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyRun, holdsTimes, makeTemplate, pipelineOf, treeOf } from './finished-run.js';
import { runCli } from './run-cli.js';

const folder = mkdtempSync(join(tmpdir(), 'titlesmith-prune-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const state = 'checkpoint/optimizer.safetensors';
const pathOf = (run: string, file: string): string => join(folder, 'runs', run, file);
const sizeOf = (run: string): number => statSync(pathOf(run, state)).size;

beforeAll(async () => {
  await makeTemplate(folder);
}, 120_000);

test('prune --dry-run says what would be freed, and changes nothing', async () => {
  const before = treeOf(folder);
  const { code, output } = await runCli(['prune', '--dry-run', '--json'], folder);
  expect(code).toBe(0);
  expect(JSON.parse(output)).toMatchObject({
    kind: 'result',
    dryRun: true,
    runs: [{ folder: join('runs', 'template'), files: [state], bytes: sizeOf('template') }],
    bytes: sizeOf('template'),
  });
  expect((await runCli(['prune', '--dry-run'], folder)).output).toMatch(/MB would be freed in 1 run\.$/m);
  expect(treeOf(folder)).toEqual(before);
});

test('a run that is named in several ways counts once', async () => {
  const line = ['prune', 'runs/template', 'runs/template/', './runs', '--dry-run', '--json'];
  expect(JSON.parse((await runCli(line, folder)).output).bytes).toBe(sizeOf('template'));
  mkdirSync(join(folder, 'empty'));
  expect((await runCli(['prune', 'empty'], folder)).output).toBe('No runs in empty.\n');
});

test('a pruned run is whole: up to date, and generates, trains on and is exported as before', async () => {
  copyRun(folder, 'pruned');
  const before = treeOf(join(folder, 'runs/pruned'));
  const { code, output } = await runCli(['prune', 'runs/pruned'], folder);
  expect(code).toBe(0);
  expect(output).toMatch(/^runs\/pruned +[\d.]+ MB +checkpoint\/optimizer\.safetensors$/m);
  expect(existsSync(pathOf('pruned', state))).toBe(false);
  const { [state]: _, 'run.json': __, ...others } = before;
  expect(treeOf(join(folder, 'runs/pruned'))).toMatchObject(others);
  // A second time there is nothing.
  expect((await runCli(['prune', 'runs/pruned'], folder)).output).toBe('0 bytes freed in 1 run.\n');

  const again = await runCli(pipelineOf('pruned'), folder);
  expect(again.code).toBe(0);
  // The report has the run's name, which the copy changed.
  for (const stage of ['extract', 'dataset', 'finetune', 'generate', 'dedupe'])
    expect(again.errors).toMatch(new RegExp(`^${stage} +skipped: nothing it depends on has changed`, 'm'));
  expect((await runCli(['list'], folder)).output).not.toContain('stale');

  copyRun(folder, 'whole');
  for (const run of ['pruned', 'whole']) {
    const trained = await runCli(
      ['finetune', `runs/${run}`, '--restore-from', 'latest', '--steps', '4'],
      folder,
    );
    expect(trained.code, trained.errors).toBe(0);
    expect((await runCli(['export', `runs/${run}`, `${run}.tar`], folder)).code).toBe(0);
  }
  const leftOut = (name: string): boolean => holdsTimes(name);
  expect(treeOf(join(folder, 'runs/pruned'), leftOut)).toEqual(treeOf(join(folder, 'runs/whole'), leftOut));
}, 60_000);

test('a run that is being written is left alone among others, and refused by name', async () => {
  copyRun(folder, 'busy');
  const start = readFileSync(`/proc/${process.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')[19];
  const { hostname } = await import('node:os');
  const lock = { pid: process.pid, host: hostname(), processStart: start, beat: 0, activity: 'written' };
  writeFileSync(pathOf('busy', 'run.lock'), JSON.stringify(lock));
  copyRun(folder, 'beside');
  const named = await runCli(['prune', 'runs/beside', 'runs/busy'], folder);
  expect(existsSync(pathOf('beside', state))).toBe(true);
  expect(named.code).not.toBe(0);
  expect(named.errors).toMatch(/^Error: runs\/busy is being written by process \d+/m);
  const all = await runCli(['prune', 'runs'], folder);
  expect(all.code).toBe(0);
  expect(all.output).toMatch(/^runs\/busy +runs\/busy is being written by process/m);
  expect(existsSync(pathOf('busy', state))).toBe(true);
  expect(existsSync(pathOf('template', state))).toBe(false);
  const refused = await runCli(['dedupe', 'busy'], folder);
  expect(refused.errors).toContain('Wait for it to end, or work on another run.');
});

test('a run that cannot be read is left alone among others, and prune fails', async () => {
  mkdirSync(join(folder, 'some/damaged'), { recursive: true });
  writeFileSync(join(folder, 'some/damaged/run.json'), '{');
  for (const line of [
    ['prune', 'some'],
    ['prune', 'some', '--dry-run'],
  ]) {
    const { code, output } = await runCli(line, folder);
    expect(code).toBe(1);
    expect(output).toMatch(/^some\/damaged +.*run\.json/m);
  }
});

test.each([
  [
    ['prune', 'runs/template', 'nowhere'],
    'nowhere is no run: there is no such folder, and no run of that name in runs.',
  ],
  [['prune', 'runs', 'titles.csv'], 'titles.csv is a file, not a run.'],
])('%j is refused in a line', async (line, says) => {
  const { code, output, errors } = await runCli(line, folder);
  expect(code).not.toBe(0);
  expect(output).toBe('');
  expect(errors).toContain(says);
  expect(errors.trimEnd().split('\n').length).toBeLessThanOrEqual(2);
});
