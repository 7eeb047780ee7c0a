import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { openMemoryRuns } from '../../src/browser/browser-runs.js';
import type { BrowserRun } from '../../src/browser/run/browser-run.js';
import { readTextOf } from '../../src/browser/storage/stored-text.js';
import { silentContext } from '../../src/common/progress.js';
import { readBaseFingerprints } from '../../src/io/base-fingerprints.js';
import { fileFolder } from '../../src/io/file-source.js';
import { parameterSpecifications } from '../../src/model/transformer/parameters.js';
import { loadWeights } from '../../src/model/transformer/weight-source.js';
import { openModelIn } from '../../src/model/weights/folder-model.js';
import { resolveModel } from '../../src/model/weights/resolve-model.js';
import type { StageName } from '../../src/options/choices.js';
import { reportAssets } from '../../src/pipeline/stages/report.js';
import type { Manifest } from '../../src/run/manifest.js';
import { runCli, temporaryFolder } from '../cli/run-cli.js';
import { nodeEngine, tinyTitles, writeTinyModel } from './tiny-model.js';

const folder = temporaryFolder();
const onNode = join(folder, 'runs/mine');
let run: BrowserRun;
let recorded: Manifest;

const csv = `title\n${[...tinyTitles(150), 'too', tinyTitles(1)[0]].join('\n')}\n`;
const sizes = { steps: 6, batchSize: 4, saveEvery: 2, evaluateEvery: 2, printEvery: 1, seed: 3 };
const texts = { sampleEvery: 3, sampleNum: 4, sampleLength: 8, nsamples: 12, length: 12, temperature: 0.9 };
const options = { ...sizes, ...texts, loraRank: 2 };

const flags = (values: object): string[] =>
  Object.entries(values).flatMap(([name, value]) => [
    `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    String(value),
  ]);

/** The same run, by the command line and by the library of browsers. */
beforeAll(async () => {
  await writeTinyModel(join(folder, 'tiny'));
  writeFileSync(join(folder, 'titles.csv'), csv);
  const named = {
    source: 'csv',
    input: 'titles.csv',
    runName: 'mine',
    model: './tiny',
    device: 'cpu',
    threads: 2,
  };
  const finished = await runCli(['pipeline', ...flags({ ...named, ...options })], folder);
  expect(finished.errors + finished.output).toContain('report');
  expect(finished.code).toBe(0);
  recorded = JSON.parse(readFileSync(join(onNode, 'run.json'), 'utf8')) as Manifest;

  run = await openMemoryRuns().create('mine', options);
  const device = { engine: nodeEngine, reason: 'for a test' };
  const model = await openModelIn(fileFolder(join(folder, 'tiny')));
  const { hash } = recorded.decisions.model!;
  await run.extract({ files: [new File([csv], 'titles.csv')] });
  await run.finetune({ ...model, name: './tiny', ...(hash ? { hash } : {}) }, device);
  await model.weights.close();
  await run.generate(device);
  await run.dedupe(await readBaseFingerprints());
  await run.report(reportAssets());
});

/** Files of a run by their paths, without those that hold times or ways of saying where the run was made. */
const isCompared = (path: string): boolean =>
  !/^(run\.json|run\.lock|report\.|metrics\.jsonl|tensorboard\/)/.test(path);

async function namesOnNode(): Promise<string[]> {
  const entries = await readdir(onNode, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(onNode.length + 1));
}

describe('a run made by the library of browsers', () => {
  test('has the files of one that the command line made, to the byte', async () => {
    const names = (await run.files.list()).map(({ path }) => path).filter(isCompared);
    expect(names).toEqual((await namesOnNode()).filter(isCompared).sort());
    expect(names).toContain('checkpoint/model.safetensors');
    expect(names).toContain('checkpoint/adapter.safetensors');
    expect(names).toContain('samples/step-000006.txt');
    for (const name of names) {
      const source = (await run.files.open(name))!;
      const bytes = new Uint8Array(source.size);
      await source.read(bytes, 0);
      expect(Buffer.from(bytes).equals(readFileSync(join(onNode, name))), name).toBe(true);
    }
  });

  test('measured the same', async () => {
    const lines = (text: string): unknown[] =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => ({ ...JSON.parse(line), tokensPerSecond: 0 }));
    const own = lines((await readTextOf(run.files, 'metrics.jsonl')) ?? '');
    expect(own).toEqual(lines(readFileSync(join(onNode, 'metrics.jsonl'), 'utf8')));
    expect(own).toHaveLength(6);
  });

  test('says the same in run.json of what each stage depended on and counted', () => {
    for (const stage of [
      'extract',
      'dataset',
      'finetune',
      'generate',
      'dedupe',
    ] as const satisfies StageName[]) {
      const [own, other] = [run.manifest.stages[stage]!, recorded.stages[stage]!];
      const { fingerprint, options: decided, counts, requests, status } = other;
      expect(own, stage).toMatchObject({ fingerprint, options: decided, counts, status });
      expect(own.requests).toEqual(requests);
    }
    const written = (stage: StageName): Record<string, unknown> =>
      Object.fromEntries(
        Object.entries(recorded.stages[stage]?.outputs ?? {}).filter(([path]) => isCompared(path)),
      );
    expect(run.manifest.stages.finetune?.outputs).toMatchObject(written('finetune'));
    expect(run.manifest.stages.report?.counts).toEqual(recorded.stages.report?.counts);
  });

  test('can be gone on with by the command line, whose options are recorded', () => {
    const { source, steps } = recorded.options;
    expect(run.manifest.options).toMatchObject({ source, steps });
  });

  test('reports the same, but for where it was made', async () => {
    const figures = (text: string): object => {
      const { run: about, decided, ...others } = JSON.parse(text);
      return others;
    };
    const own = figures((await readTextOf(run.files, 'report.json')) ?? '');
    expect(own).toEqual(figures(readFileSync(join(onNode, 'report.json'), 'utf8')));
  });
});

describe('an archive', () => {
  const bytesOf = async (blob: Blob): Promise<Buffer> => Buffer.from(await blob.arrayBuffer());

  test('that a browser made is imported by the command line, which goes on with it', async () => {
    writeFileSync(join(folder, 'made.tar.gz'), await bytesOf(await run.pack()));
    const imported = await runCli(['import', 'made.tar.gz', '--runs-dir', 'imported'], folder);
    expect(imported.code, imported.errors).toBe(0);
    const target = join(folder, 'imported/mine');
    for (const { path } of await run.files.list()) {
      const source = (await run.files.open(path))!;
      const bytes = new Uint8Array(source.size);
      await source.read(bytes, 0);
      if (!['run.json', 'checkpoint/optimizer.safetensors'].includes(path))
        expect(readFileSync(join(target, path)).equals(bytes), path).toBe(true);
    }
    expect(readdirSync(join(target, 'checkpoint'))).not.toContain('optimizer.safetensors');
    const shown = await runCli(['show', 'imported/mine'], folder);
    expect(shown.code, shown.errors).toBe(0);
    expect(shown.output).toMatch(/generated +12 titles/);
    const more = await runCli(['generate', 'imported/mine', '--nsamples', '2', '--device', 'cpu'], folder);
    expect(more.code, more.errors).toBe(0);
    expect(readFileSync(join(target, 'generated.jsonl'), 'utf8').trimEnd().split('\n')).toHaveLength(14);
    for (const stage of ['dedupe', 'report'])
      expect(await runCli([stage, 'imported/mine'], folder), stage).toMatchObject({ code: 0 });
  });

  test('of its model is a folder that titlesmith opens, without the state of its training', async () => {
    writeFileSync(join(folder, 'model.tar.gz'), await bytesOf(await run.packModel()));
    mkdirSync(join(folder, 'unpacked'));
    execFileSync('tar', ['-xzf', '../model.tar.gz'], { cwd: join(folder, 'unpacked') });
    const model = join(folder, 'unpacked/mine');
    expect(spawnSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: model }).status).toBe(0);
    const names = readdirSync(model);
    expect(names).toContain('tokenizer.json');
    expect(names).not.toContain('optimizer.safetensors');
    const { configuration, weights } = await resolveModel(model);
    const own = await run.openModel();
    expect(configuration).toEqual(own.configuration);
    const stored = await loadWeights(own.weights, parameterSpecifications(configuration), silentContext);
    await own.weights.close();
    expect(weights.views).toEqual(stored.views);
  });

  test('that the command line made is opened in a browser, which goes on with it', async () => {
    const exported = await runCli(['export', 'runs/mine', 'theirs.tar.gz'], folder);
    expect(exported.code, exported.errors).toBe(0);
    const content = new Blob([readFileSync(join(folder, 'theirs.tar.gz'))]);
    const theirs = await openMemoryRuns().import({ name: 'theirs.tar.gz', content }, 'theirs');
    const names = (await theirs.files.list()).map(({ path }) => path);
    expect(names).toEqual((await namesOnNode()).filter((path) => path !== 'run.lock').sort());
    expect(theirs.nextStage).toBeUndefined();
    expect(theirs.manifest.stages).toEqual(recorded.stages);
    expect(await theirs.readGenerated()).toEqual(await run.readGenerated());
    await theirs.generate({ engine: nodeEngine, reason: 'for a test' }, { nsamples: 3 });
    expect(await theirs.readGenerated()).toHaveLength(15);
    expect((await theirs.dedupe(await readBaseFingerprints())).accepted).toBeGreaterThanOrEqual(0);
  });
});
