import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentContext } from '../../../../src/common/progress.js';
import { resolveModel } from '../../../../src/model/weights/resolve-model.js';
import { oraclePython, runOracle } from '../../../oracles/python.js';
import { expectedParameters, fixtureFolder, temporaryFolder } from '../../transformer/fixtures.js';
import { commit, LocalHub } from './local-hub.js';

let hub: LocalHub;
beforeEach(async () => {
  hub = await LocalHub.start(fixtureFolder('float16'));
});
afterEach(() => hub.stop());

const script = 'weights/hub_cache.py';
const snapshot = (cache: string): string => join(cache, 'models--someone--tiny-gpt2', 'snapshots', commit);

describe.skipIf(oraclePython === undefined)("Python's huggingface_hub", () => {
  test('finds what titlesmith downloaded', async () => {
    const cache = temporaryFolder();
    await resolveModel(hub.repository, silentContext, { settings: hub.settings(cache) });
    const environment = { HF_HUB_CACHE: cache, HF_HUB_OFFLINE: '1' };
    expect(await runOracle(script, [hub.repository], environment)).toBe(snapshot(cache));
  });

  test('downloads what titlesmith finds', async () => {
    const cache = temporaryFolder();
    const environment = { HF_HUB_CACHE: cache, HF_ENDPOINT: hub.endpoint, HF_HUB_DISABLE_XET: '1' };
    expect(await runOracle(script, [hub.repository], environment)).toBe(snapshot(cache));
    const asked = hub.requests.length;
    const model = await resolveModel(hub.repository, silentContext, {
      settings: hub.settings(cache, { offline: true }),
    });
    expect(model.weights.views.get('wte.weight')).toEqual(
      (await expectedParameters('float16')).get('wte.weight'),
    );
    await resolveModel(hub.repository, silentContext, { settings: hub.settings(cache) });
    expect(hub.requests.slice(asked).filter(({ path }) => !path.startsWith('/api/'))).toEqual([]);
  });
});
