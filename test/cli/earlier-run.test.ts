import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Manifest, StageRecord } from '../../src/run/manifest.js';
import { copyRun, makeTemplate, pipelineOf } from './finished-run.js';
import { runCli, temporaryFolder } from './run-cli.js';

const folder = temporaryFolder();

beforeAll(() => makeTemplate(folder));

/** A run as versions before this one left it: without each stage's values and inputs, a judgement, and losses of titles. */
function copyOfEarlier(name: string): string {
  const run = copyRun(folder, name);
  const path = join(folder, run, 'run.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
  const earlier = ([stage, record]: [string, StageRecord]): [string, StageRecord] => {
    const { options, inputs, requests, ...others } = record;
    const { 'title-losses.json': _, ...outputs } = record.outputs ?? {};
    return [stage, { ...others, outputs, fingerprint: 'of another formula' }];
  };
  const stages = Object.fromEntries(Object.entries(manifest.stages).map(earlier));
  writeFileSync(path, JSON.stringify({ ...manifest, stages }));
  for (const name of ['judgement.json', 'title-losses.json']) rmSync(join(folder, run, name));
  return run;
}

const generatedOf = (run: string): string => readFileSync(join(folder, run, 'generated.jsonl'), 'utf8');
const skipped = (stage: string): RegExp => new RegExp(`^${stage} +skipped`, 'm');

test('a run of an earlier version keeps its titles, model and texts; what is asked of it more is added', async () => {
  const run = copyOfEarlier('earlier');
  const texts = generatedOf(run);
  const added = await runCli(['generate', run, '--nsamples', '2'], folder);
  expect(added.code).toBe(0);
  expect(generatedOf(run).startsWith(texts)).toBe(true);
  expect(generatedOf(run).trim().split('\n')).toHaveLength(10);
  const { code, errors } = await runCli(pipelineOf('earlier'), folder);
  expect(code).toBe(0);
  for (const stage of ['extract', 'dataset', 'finetune', 'generate']) expect(errors).toMatch(skipped(stage));
});

test('other options make anew what they change, and an input that changed since makes all anew', async () => {
  copyOfEarlier('changed');
  const longer = await runCli([...pipelineOf('changed'), '--steps', '9', '--until', 'finetune'], folder);
  expect(longer.errors).toMatch(skipped('dataset'));
  expect(longer.errors).toMatch(/its options changed: --steps/);
  expect(longer.errors).toMatch(/the model is trained anew and replaced; --restore-from latest trains/);
  copyOfEarlier('other');
  writeFileSync(join(folder, 'titles.csv'), readFileSync(join(folder, 'other.csv')));
  const other = await runCli([...pipelineOf('other'), '--until', 'extract'], folder);
  expect(other.errors).not.toMatch(skipped('extract'));
});
