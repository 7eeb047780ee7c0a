import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fixtureFolder } from '../model/transformer/fixtures.js';
import { llamaFolder } from '../model/transformer/llama-oracle.js';
import { commit, LocalHub } from '../model/weights/hub/local-hub.js';
import { type Finished, runCli, temporaryFolder } from './run-cli.js';

const folder = temporaryFolder();
let hub: LocalHub;
beforeAll(async () => {
  hub = await LocalHub.start(fixtureFolder('float16'));
  const titles = Array.from({ length: 80 }, (_, number) => `the the ${number}`);
  writeFileSync(join(folder, 'titles.txt'), titles.join('\n'));
});
afterAll(() => hub.stop());

const run = (
  model: string,
  name: string,
  environment: NodeJS.ProcessEnv = {},
  more: readonly string[] = [],
): Promise<Finished> => {
  const source = ['--source', 'csv', '--input', 'titles.txt', '--run-name', name];
  const work = ['--steps', '4', '--nsamples', '4', '--length', '8'];
  const settings = { HF_HUB_OFFLINE: '', HF_ENDPOINT: hub.endpoint, HF_HOME: join(folder, 'hf') };
  return runCli(['pipeline', ...source, ...work, '--model', model, ...more], folder, {
    ...settings,
    ...environment,
  });
};

interface RunFile {
  readonly decisions: { readonly model: Record<string, string> };
  readonly stages: { readonly finetune: { readonly counts: Record<string, number> } };
}
const readRun = (name: string): RunFile =>
  JSON.parse(readFileSync(join(folder, 'runs', name, 'run.json'), 'utf8')) as RunFile;

describe('a pretrained model', () => {
  test('of the hub is downloaded, trained and recorded; then cached, and its run continued from', async () => {
    const finished = await run('someone/tiny-gpt2', 'first');
    expect(finished.errors).toContain('Downloading someone/tiny-gpt2 at 01234567: 1 MB.');
    expect(finished.code).toBe(0);
    const { decisions, stages } = readRun('first');
    expect(decisions.model).toEqual({
      choice: 'someone/tiny-gpt2',
      reason: 'named with --model',
      description: 'someone/tiny-gpt2 at 01234567',
      hash: commit,
    });
    const configuration = readFileSync(join(folder, 'runs/first/checkpoint/config.json'), 'utf8');
    expect(JSON.parse(configuration)).toMatchObject({ vocab_size: 260, n_embd: 8, n_positions: 16 });

    const offline = await run('someone/tiny-gpt2', 'first', { HF_HUB_OFFLINE: '1' });
    expect(offline.errors.match(/skipped: nothing it depends on has changed/g)).toHaveLength(6);

    const second = await run('runs/first', 'second');
    expect(second.code).toBe(0);
    const [before, after] = [stages.finetune.counts, readRun('second').stages.finetune.counts];
    expect(after['initialValidationLoss']).toBeCloseTo(before['bestValidationLoss']!, 5);
  });

  test('that the hub does not know ends in one line', async () => {
    const finished = await run('someone/nothing', 'third');
    const [asking, ...rest] = finished.errors.trim().split('\n').slice(-2);
    expect(asking).toMatch(/^asking 127\.0\.0\.1:\d+ for someone\/nothing /);
    expect(rest.join('\n')).toMatch(
      /^Error: There is no folder someone\/nothing in .*: The hub at http:.* knows no someone\/nothing \(status 404\)\./,
    );
    expect(finished.code).toBe(1);
  });

  test.each(['generate', 'models'])('is asked for by %s too, which says so first', async (command) => {
    const settings = { HF_HUB_OFFLINE: '', HF_ENDPOINT: hub.endpoint, HF_HOME: join(folder, 'hf') };
    const { code, errors } = await runCli([command, 'someone/nothing'], folder, settings);
    expect(errors).toMatch(/^asking 127\.0\.0\.1:\d+ for someone\/nothing …$/m);
    expect(code).toBe(1);
  });

  test('may be a Llama, whose run is continued from by adapters; another kind of it is refused untouched', async () => {
    const first = await run(llamaFolder('wide'), 'llama');
    expect(first.code).toBe(0);
    const configuration = readFileSync(join(folder, 'runs/llama/checkpoint/config.json'), 'utf8');
    const expected = {
      model_type: 'llama',
      head_dim: 10,
      num_key_value_heads: 1,
      tie_word_embeddings: false,
    };
    expect(JSON.parse(configuration)).toMatchObject(expected);
    const adapted = await run('runs/llama', 'adapted', {}, [
      '--lora-rank',
      '2',
      '--frozen-precision',
      'int8',
    ]);
    expect(adapted.code).toBe(0);
    const [before, after] = ['llama', 'adapted'].map((name) => readRun(name).stages.finetune.counts);
    expect(after!['initialValidationLoss']).toBeCloseTo(before!['bestValidationLoss']!, 5);

    const other = join(folder, 'yarn');
    cpSync(llamaFolder('wide'), other, { recursive: true });
    const path = join(other, 'config.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"llama3"', '"yarn"'));
    const refused = await run('yarn', 'refused');
    expect(refused.errors).toMatch(
      /^Error: yarn.config\.json: rope_parameters of the kind "yarn" is not supported, only default, linear and llama3\./m,
    );
    expect(refused.code).toBe(1);
    expect(existsSync(join(folder, 'runs/refused'))).toBe(false);
  });
});
