import { cpSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type TrainedCondition, writeTrainedCondition } from '../../../src/data/trained-condition.js';
import { resolveModel } from '../../../src/model/weights/resolve-model.js';
import { readModelCondition, startingFolder } from '../../../src/pipeline/stages/model-condition.js';
import { fixtureFolder, temporaryFolder } from '../../model/transformer/fixtures.js';
import { commit, LocalHub } from '../../model/weights/hub/local-hub.js';

const condition: TrainedCondition = { names: ['subreddit'], share: 0.5, subreddits: ['aww'], keptOut: [] };
const folder = temporaryFolder();
let hub: LocalHub;
beforeAll(async () => {
  cpSync(fixtureFolder('float16'), folder, { recursive: true });
  await writeTrainedCondition(folder, condition);
  hub = await LocalHub.start(folder);
});
afterAll(() => hub.stop());

test('what a model of the hub is prompted by is fetched, before its weights or with them', async () => {
  const cache = temporaryFolder();
  const settings = hub.settings(cache);
  expect(await readModelCondition(hub.repository, settings)).toEqual(condition);
  expect(hub.contentRequests('model.safetensors')).toEqual([]);
  expect((await resolveModel(hub.repository, {}, { settings })).configuration.layers).toBe(2);
  expect(hub.contentRequests('condition.json')).toHaveLength(1);
  expect(await readModelCondition(hub.repository, { ...settings, offline: true })).toEqual(condition);
  const other = temporaryFolder();
  await resolveModel(hub.repository, {}, { settings: hub.settings(other) });
  expect(await readModelCondition(hub.repository, hub.settings(other, { offline: true }))).toEqual(condition);
  vi.stubEnv('HF_HUB_CACHE', other);
  vi.stubEnv('HF_HUB_OFFLINE', '1');
  expect(await startingFolder({ choice: hub.repository, hash: commit })).toContain(commit);
  vi.unstubAllEnvs();
});

test('a repository that says nothing of prompts has none', async () => {
  const bare = await LocalHub.start(fixtureFolder('float16'));
  expect(await readModelCondition(bare.repository, bare.settings(temporaryFolder()))).toBeUndefined();
  await bare.stop();
});
