import { cpSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { adapterBytes } from '../../src/model/transformer/adapters.js';
import { loraSpecifications, mergedWithLora } from '../../src/model/transformer/lora.js';
import { createParameterStore } from '../../src/model/transformer/parameters.js';
import { storedWeights } from '../../src/model/transformer/weight-source.js';
import { baseIdentity } from '../../src/model/weights/adapter-bytes.js';
import { describeAdapter, writeAdapter } from '../../src/model/weights/adapter-file.js';
import { readConfiguration, readWeights, writeWeights } from '../../src/model/weights/checkpoint.js';
import { loadTokenizer } from '../../src/model/weights/load-tokenizer.js';
import { openServedModels } from '../../src/pipeline/open-served-models.js';
import { readManifest, writeManifest } from '../../src/pipeline/run/manifest-file.js';
import { TrainingFiles } from '../../src/pipeline/stages/training-files.js';
import { groupsOf } from '../../src/serve/model-groups.js';
import { lastLine, runCli } from '../cli/run-cli.js';
import { figure, makeRun, post, type Serving, serve, sizes } from './serve-run.js';

const parent = mkdtempSync(join(tmpdir(), 'titlesmith-shared-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

type Shape = 'small' | 'llama';

/** The folders of base models, and runs that were trained on them with adapters. */
const baseOf = (shape: Shape): string => join(parent, shape, 'base');
const runsOf: Record<Shape, string[]> = { small: [], llama: [] };
const [base, runs] = [baseOf('small'), runsOf.small];
beforeAll(async () => {
  for (const shape of ['small', 'llama'] as const) {
    const made = await makeRun('base', [], {}, sizes[shape]);
    cpSync(join(made, 'checkpoint'), baseOf(shape), { recursive: true });
    for (const [index, rank] of [4, 2, 1].entries())
      runsOf[shape].push(await adaptedRun(`adapted${index}`, rank, shape));
  }
});

/** A run as a training with adapters on the base leaves it: merged weights, and the adapter beside them. */
async function adaptedRun(name: string, rank: number, shape: Shape = 'small'): Promise<string> {
  const run = await makeRun(name, [], { loraRank: rank }, sizes[shape]);
  const base = baseOf(shape);
  const configuration = await readConfiguration(base);
  const weights = await readWeights(base, configuration);
  const adapter = createParameterStore(loraSpecifications(configuration, rank));
  const random = createRandom(rank, name);
  for (const index of adapter.flat.keys()) adapter.flat[index] = 0.2 * random.normal();
  const checkpoint = join(run, 'checkpoint');
  await writeWeights(checkpoint, configuration, (each) => mergedWithLora(weights, adapter, each));
  const identity = await baseIdentity(configuration, await loadTokenizer(base), storedWeights(weights));
  await writeAdapter(checkpoint, identity, adapter.specifications, (each) => adapter.views.get(each)!);
  const manifest = (await readManifest(run))!;
  await writeManifest(run, { ...manifest, decisions: { model: { choice: base, reason: 'a test' } } });
  return run;
}

const open = (models: readonly string[]) => openServedModels(models, { device: 'cpu', slots: 6 });

describe.each([
  ['a GPT-2', 'small'],
  ['a Llama', 'llama'],
] as const)('models that were trained with adapters on one base, %s,', (_, shape) => {
  const [base, runs] = [baseOf(shape), runsOf[shape]];
  let serving: Serving;
  beforeAll(async () => {
    serving = await serve([...runs, base], ['--slots', '6', '--queue', '60']);
  });

  const ask = async (server: Serving, body: object): Promise<unknown[]> => {
    const answer = await post(`${server.url}v1/completions`, {
      prompt: 'What',
      max_tokens: 12,
      n: 4,
      ...body,
    });
    expect(answer.status).toBe(200);
    return ((await answer.json()) as { choices: unknown[] }).choices;
  };

  test('say together, in the same slots, what each says alone with its merged weights', async () => {
    const wishes = [{ temperature: 0 }, { temperature: 0.9, seed: 3 }, { seed: 8, top_k: 9 }];
    const names = ['adapted0', 'adapted1', 'adapted2', 'base'];
    const together = await Promise.all(
      names.map((model) => Promise.all(wishes.map((wish) => ask(serving, { model, ...wish })))),
    );
    for (const [index, run] of [
      [0, runs[0]!],
      [3, base],
    ] as const) {
      const alone = await serve(run);
      for (const [number, wish] of wishes.entries())
        expect(together[index]![number], `${names[index]} ${number}`).toEqual(await ask(alone, wish));
      await alone.stop();
    }
    expect(new Set(together.map((texts) => JSON.stringify(texts[0]))).size).toBe(names.length);
  });

  test('score the same prompt each as its own', async () => {
    const scored = async (model: string): Promise<number[]> => {
      const body = { model, prompt: 'What is the', max_tokens: 0, echo: true, logprobs: 0, n: 1 };
      const [choice] = (await ask(serving, body)) as [{ logprobs: { token_logprobs: (number | null)[] } }];
      return choice.logprobs.token_logprobs.slice(1).map(Number);
    };
    const [first, again, other] = [
      await scored('adapted0'),
      await scored('adapted0'),
      await scored('adapted1'),
    ];
    expect(first).toEqual(again);
    expect(first).not.toEqual(other);
  });
});

test('a run that is put into a served folder is served beside those at work, and one with its own weights is not', async () => {
  const folder = join(parent, 'runs');
  cpSync(runs[0]!, join(folder, 'first'), { recursive: true });
  const growing = await serve(folder, ['--slots', '2', '--queue', '60', '--capacity', '1024']);
  const long = { model: 'adapted0', prompt: 'What', n: 4, max_tokens: 900, seed: 1 };
  const atWork = post(`${growing.url}v1/completions`, long);
  await expect.poll(() => figure(growing.url, 'slots_busy')).toBe(2);
  for (const [name, run] of [
    ['second', runs[1]!],
    ['other', await makeRun('other')],
    ['wider', await adaptedRun('wider', 9)],
  ] as const) {
    // As a training does: into place when it is whole.
    cpSync(run, join(parent, name), { recursive: true });
    renameSync(join(parent, name), join(folder, name));
  }
  const names = async (): Promise<string[]> => {
    const { data } = (await (await fetch(`${growing.url}v1/models`)).json()) as { data: { id: string }[] };
    return data.map(({ id }) => id);
  };
  await expect.poll(names, { timeout: 20_000 }).toEqual(['adapted0', 'adapted1']);
  const wish = { prompt: 'What', max_tokens: 12, n: 2, seed: 5 };
  const added = await post(`${growing.url}v1/completions`, { ...wish, model: 'adapted1' });
  expect(added.status).toBe(200);
  const alone = await serve(runs[1]!);
  const expected = (await (await post(`${alone.url}v1/completions`, wish)).json()) as { choices: unknown };
  expect(((await added.json()) as { choices: unknown }).choices).toEqual(expected.choices);
  expect(((await (await atWork).json()) as { choices: unknown[] }).choices).toHaveLength(4);
  await expect.poll(() => growing.said(), { timeout: 20_000 }).toMatch(/wider is not served: .*rank 9/);
  const { output } = await growing.stop();
  expect(output).toMatch(/"adapted1 is served too, loaded in \d+ ms\."/);
  expect(output).toMatch(/runs\/other is not served: other has weights of its own\. Start the server again/);
});

describe('weights', () => {
  test('are loaded once for all of one base, and counted so', async () => {
    const { served, settings, reasons } = await open([...runs, base]);
    const groups = groupsOf(served);
    expect(groups.map(({ models, adapterRank }) => [models.length, adapterRank])).toEqual([[4, 4]]);
    const alone = await open([runs[0]!, `second=${base}`, `third=${base}`]);
    // The base by other names shares them too.
    expect(groupsOf(alone.served)).toHaveLength(1);
    const each = adapterBytes(await readConfiguration(base), 4);
    expect(reasons.join('\n')).toContain(
      `shared: the weights of ${base} once, for adapted0, adapted1, adapted2, base; ${(each / 1000).toFixed(1)} kB an adapter`,
    );
    expect(reasons.join('\n')).toContain(`adapters ${((each * (4 + settings.slots)) / 1000).toFixed(1)} kB`);
  });

  test('are a model’s own where its base is another by now, not there, or its adapter was not kept', async () => {
    const lone = await adaptedRun('lone', 2);
    await rm(join(lone, 'checkpoint/adapter.safetensors'));
    const moved = await adaptedRun('moved', 2);
    const manifest = (await readManifest(moved))!;
    await writeManifest(moved, {
      ...manifest,
      decisions: { model: { choice: join(parent, 'gone'), reason: 'a test' } },
    });
    const other = await adaptedRun('other', 2);
    await writeManifest(other, {
      ...manifest,
      name: 'other',
      decisions: {
        model: {
          choice: join(await makeRun('else', [], {}, { width: 48, layers: 1, heads: 2 }), 'checkpoint'),
          reason: 'a test',
        },
      },
    });
    const { served, reasons } = await open([lone, moved, other, runs[0]!]);
    expect(groupsOf(served).map(({ models }) => models.map(({ name }) => name))).toEqual([
      ['lone'],
      ['moved'],
      ['other'],
      ['adapted0'],
    ]);
    const said = reasons.join('\n');
    expect(said).toMatch(/lone loads its own weights: it was trained before adapters were kept/);
    expect(said).toMatch(/moved loads its own weights: the model that it began with, .*gone, is not there/);
    expect(said).toMatch(/other loads its own weights: the model that it began with, .* is another by now/);
  });

  test('that replace those of a training with adapters leave no adapter of the old ones', async () => {
    const checkpointFolder = join(await adaptedRun('again', 2), 'checkpoint');
    const files = new TrainingFiles({ checkpointFolder, metricsPath: join(parent, 'metrics.jsonl') });
    expect(await describeAdapter(checkpointFolder)).toMatchObject({ rank: 2 });
    const configuration = await readConfiguration(base);
    const weights = await readWeights(base, configuration);
    await files.saveWeights(configuration, (name) => weights.views.get(name)!);
    expect(await describeAdapter(checkpointFolder)).toBeUndefined();
    const factors = createParameterStore(loraSpecifications(configuration, 3));
    const tokenizer = await loadTokenizer(base);
    const source = storedWeights(weights);
    const { specifications, views } = factors;
    const valuesOf = (name: string): Float32Array => views.get(name)!;
    await files.saveAdapter({ configuration, tokenizer, base: source, specifications, valuesOf });
    const identity = await baseIdentity(configuration, tokenizer, source);
    expect(await describeAdapter(checkpointFolder)).toEqual({ base: identity, rank: 3 });
  });

  test('of a damaged adapter are refused in one line that names it', async () => {
    const broken = await adaptedRun('broken', 2);
    const path = join(broken, 'checkpoint/adapter.safetensors');
    const whole = await readFile(path);
    await writeFile(path, whole.subarray(0, whole.length - 4));
    const finished = await runCli(['serve', runs[0]!, broken, '--port', '0'], parent);
    expect([finished.code, lastLine(finished)]).toEqual([1, expect.stringContaining(path)]);
  });
});
