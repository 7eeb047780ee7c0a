import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { putCheckpointAside } from '../../../src/pipeline/run/earlier-results.js';
import { recordFiles } from '../../../src/pipeline/run/fingerprint.js';
import type { StageRecord } from '../../../src/pipeline/run/manifest.js';

let folder: string;
let record: StageRecord;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'titlesmith-aside-'));
  mkdirSync(join(folder, 'checkpoint'));
  for (const name of ['model.safetensors', 'optimizer.safetensors', 'training.json']) {
    writeFileSync(join(folder, 'checkpoint', name), name);
  }
  const outputs = await recordFiles(folder, ['checkpoint']);
  record = { status: 'done', startedAt: '', seconds: 1, fingerprint: '', outputs };
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a checkpoint is put aside without the state of its optimizer', async () => {
  expect(await putCheckpointAside(folder, record)).toBe(true);
  expect(readdirSync(folder)).toEqual(['checkpoint-before']);
  expect(readdirSync(join(folder, 'checkpoint-before'))).toEqual(['model.safetensors']);
});

test('one that was put aside just before its process was killed ends the same', async () => {
  await putCheckpointAside(folder, record);
  writeFileSync(join(folder, 'checkpoint-before/training.json'), 'what the kill left');
  expect(await putCheckpointAside(folder, record)).toBe(false);
  expect(readdirSync(join(folder, 'checkpoint-before'))).toEqual(['model.safetensors']);
});

test('a checkpoint that is damaged stays where it is', async () => {
  writeFileSync(join(folder, 'checkpoint/model.safetensors'), 'other bytes');
  expect(await putCheckpointAside(folder, record)).toBe(false);
  expect(readdirSync(folder)).toEqual(['checkpoint']);
});
