import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ProgressEvent, silentContext } from '../../../src/common/progress.js';
import { defaultOptions } from '../../../src/options/option-values.js';
import { decideForStage } from '../../../src/pipeline/decide/decisions.js';
import { checkKeptModel, decideModel, keptModel } from '../../../src/pipeline/decide/model.js';
import type { Decision, Manifest } from '../../../src/run/manifest.js';
import { fixtureFolder, temporaryFolder } from '../../model/transformer/fixtures.js';
import { commit, LocalHub } from '../../model/weights/hub/local-hub.js';

let hub: LocalHub;
let events: ProgressEvent[] = [];
beforeEach(async () => {
  hub = await LocalHub.start(fixtureFolder('float32'), 'openai-community/gpt2');
  events = [];
});
afterEach(() => hub.stop());

const [processor, card] = ['onnxruntime cpu', 'onnxruntime webgpu'].map((choice) => ({ choice, reason: '' }));

const decide = (
  model: string,
  rest: Parameters<LocalHub['settings']>[1] = {},
  device = card!,
  source = 'csv',
): Promise<Decision> => {
  const settings = hub.settings(temporaryFolder(), rest);
  return decideModel(model, (event) => events.push(event), { source, device, settings });
};

const auto = { model: 'auto', restoreFrom: undefined };

describe('auto', () => {
  test('is the base model for the synthetic sample, and asks nobody', async () => {
    for (const device of [card, processor]) {
      const { choice, reason, hash } = await decide('auto', {}, device, 'sample');
      expect(choice).toBe('base');
      expect(reason).toContain('--model nano');
      expect(hash).toMatch(/^[0-9a-f]{64}$/);
    }
    expect(hub.requests).toEqual([]);
  });

  test('stays what it was for a run that is trained already', () => {
    const [nano, pretrained] = [
      { choice: 'nano', reason: 'no hub' },
      { choice: '124M', reason: 'hub' },
    ];
    const finetune = { status: 'done', startedAt: '', seconds: 1, fingerprint: 'x' } as const;
    const run = { decisions: { model: nano }, options: { model: 'auto' }, stages: { finetune } };
    expect(keptModel(run, auto, pretrained)).toBe(nano);
    expect(keptModel(run, { ...auto, model: '124M' }, pretrained)).toBe(pretrained);
    expect(keptModel({ ...run, stages: {} }, auto, pretrained)).toBe(pretrained);
  });

  test('stays what the checkpoint began with where a training goes on with it, and no other name is taken', () => {
    const [nano, base] = [
      { choice: 'nano', reason: 'named' },
      { choice: 'base', reason: 'named', hash: '1' },
    ];
    const finetune = { status: 'done', startedAt: '', seconds: 1, fingerprint: 'x' } as const;
    const run = { decisions: { model: nano }, options: { model: 'nano' }, stages: { finetune } };
    const latest = { restoreFrom: 'latest' };
    expect(keptModel(run, { ...latest, model: 'auto' }, base)).toBe(nano);
    expect(keptModel(run, { ...latest, model: 'nano' }, { choice: 'nano', reason: '' })).toBe(nano);
    expect(() => keptModel(run, { ...latest, model: 'base' }, base)).toThrow(
      "--restore-from latest goes on with this run's checkpoint, which began with nano, and not with --model base.",
    );
    expect(keptModel({ ...run, stages: {} }, { ...latest, model: 'base' }, base)).toBe(base);
  });

  test('is refused by its name alone beside --restore-from latest, before the hub is asked', async () => {
    const finetune = { status: 'done', startedAt: '', seconds: 1, fingerprint: 'x' } as const;
    const decisions = { model: { choice: 'base', reason: 'named', hash: '1' } };
    const run = { decisions, options: { model: 'base' }, stages: { finetune } };
    const latest = { ...defaultOptions(), restoreFrom: 'latest' };
    expect(() => checkKeptModel(run, { ...latest, model: '124M' })).toThrow(
      "--restore-from latest goes on with this run's checkpoint, which began with base, and not with --model 124M.",
    );
    for (const model of ['auto', 'base']) checkKeptModel(run, { ...latest, model });
    checkKeptModel(run, { ...latest, model: '124M', restoreFrom: 'fresh' });
    checkKeptModel({ ...run, stages: {} }, { ...latest, model: '124M' });
    // Nothing is decided before it: no device is looked for, and nothing said.
    const manifest = { ...run, name: 'a' } as unknown as Manifest;
    const said: unknown[] = [];
    const context = { ...silentContext, onProgress: (event: unknown) => void said.push(event) };
    const decide = decideForStage('finetune', manifest, { ...latest, model: 'nosuch/model' }, context);
    await expect(decide).rejects.toThrow('and not with --model nosuch/model.');
    expect(said).toEqual([]);
  });

  test('is decided anew once titles come from elsewhere than the sample', () => {
    const [nano, pretrained] = [
      { choice: 'nano', reason: 'the sample' },
      { choice: '124M', reason: 'hub' },
    ];
    const finetune = { status: 'done', startedAt: '', seconds: 1, fingerprint: 'x' } as const;
    const of = (source: string) => ({
      decisions: { model: nano, source: { choice: source, reason: '' } },
      options: { model: 'auto' },
      stages: { finetune },
    });
    expect(keptModel(of('sample'), auto, pretrained, 'duckdb')).toBe(pretrained);
    expect(keptModel(of('sample'), auto, pretrained, 'sample')).toBe(nano);
    expect(keptModel(of('sample'), auto, pretrained)).toBe(nano);
    expect(keptModel(of('duckdb'), auto, pretrained, 'bigquery')).toBe(nano);
  });

  test('is the base model on a processor, asks nobody, and says what a larger one costs', async () => {
    const { choice, reason, hash } = await decide('auto', {}, processor);
    expect(choice).toBe('base');
    expect(reason).toContain(
      '--model 124M has read web pages of every kind, but takes several times as long',
    );
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(hub.requests).toEqual([]);
  });

  test('is GPT-2 124M on a card where the hub has it, and downloads nothing to find out', async () => {
    expect(await decide('auto')).toEqual({
      choice: '124M',
      reason: 'pretrained, from openai-community/gpt2 at 01234567',
      description: 'openai-community/gpt2 at 01234567',
      hash: commit,
    });
    expect(hub.requests.every(({ path }) => path.startsWith('/api/'))).toBe(true);
  });

  test.each([
    ['offline', { offline: true }, /HF_HUB_OFFLINE is set/],
    ['without a network', { endpoint: 'http://127.0.0.1:1' }, /cannot be reached/],
  ])('is the base model on a card %s, and says why', async (_, settings, why) => {
    const { choice, reason } = await decide('auto', settings);
    expect(choice).toBe('base');
    expect(reason).toMatch(/ships with titlesmith; GPT-2 124M cannot be had: /);
    expect(reason).toMatch(why);
  });

  test('asks a hub that fails only once', async () => {
    hub.faults.set('api', [{ kind: 'status', status: 503 }]);
    expect((await decide('auto')).choice).toBe('base');
    expect(hub.requests).toHaveLength(1);
  });

  test('does not wait for a hub that does not answer', async () => {
    const mute: Server = createServer(() => {});
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(mute.address() as AddressInfo).port}`;
    expect((await decide('auto', { endpoint, stallTimeoutMs: 100 })).choice).toBe('base');
    mute.closeAllConnections();
    await new Promise((resolve) => mute.close(resolve));
  });
});

describe('a model given by name', () => {
  test('is that model', async () => {
    expect(await decide('nano')).toEqual({ choice: 'nano', reason: 'named with --model' });
    expect(await decide('124M')).toMatchObject({
      choice: '124M',
      reason: 'named with --model',
      hash: commit,
    });
    const folder = fixtureFolder('float32');
    const { choice, hash } = await decide(folder);
    expect(choice).toBe(folder);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each([
    ['nosuch', {}, 'usage'],
    ['../nosuch', {}, 'model-folder-missing'],
    ['1558M', {}, 'hub-not-found'],
    ['124M', { offline: true }, 'hub-offline'],
    ['124M', { endpoint: 'http://127.0.0.1:1' }, 'hub-unreachable'],
  ])('%s never becomes another', async (model, settings, code) => {
    await expect(decide(model, settings)).rejects.toMatchObject({ code });
  });
});
