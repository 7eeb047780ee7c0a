import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { writeDataset } from '../../src/data/dataset-files.js';
import { splitTitles } from '../../src/data/title-split.js';
import { elementCount } from '../../src/model/graph/shape.js';
import { restrictedTokenizer } from '../../src/model/tokenizer/restricted.js';
import type { TransformerConfiguration } from '../../src/model/transformer/configuration.js';
import { parameterSpecifications } from '../../src/model/transformer/parameters.js';
import { writeModelDescription, writeWeights } from '../../src/model/weights/checkpoint.js';
import type { RunOptions } from '../../src/options/option-table.js';
import { defaultOptions, recordOptions } from '../../src/options/option-values.js';
import { writeManifest } from '../../src/pipeline/run/manifest-file.js';
import { manifestFormatVersion } from '../../src/run/manifest.js';
import { type Finished, type Started, startCli } from '../cli/run-cli.js';
import { madeUpTitles } from '../cli/titles.js';

const contextLength = 1024;

type Size = Pick<TransformerConfiguration, 'width' | 'layers' | 'heads' | 'llama'>;

/** Shapes of a model: a small GPT-2, one that takes tens of times as long for a token, and a small Llama. */
export const sizes = {
  small: { width: 32, layers: 2, heads: 2 },
  large: { width: 320, layers: 6, heads: 4 },
  llama: {
    width: 32,
    layers: 2,
    heads: 4,
    llama: { keyValueHeads: 2, headWidth: 8, innerWidth: 48, rotary: { base: 10_000 }, tiedOutput: true },
  },
} as const satisfies Readonly<Record<string, Size>>;

/**
 * A run folder whose model was never trained: any token may come next, and a text ends after some 500. It is removed
 * after the tests of the file.
 */
export async function makeRun(
  name = 'made-up',
  more: readonly string[] = [],
  options: Partial<RunOptions> = {},
  size: Size = sizes.small,
): Promise<string> {
  const parent = mkdtempSync(join(tmpdir(), 'titlesmith-serve-'));
  afterAll(() => rmSync(parent, { recursive: true, force: true }));
  const folder = join(parent, 'run');
  const titles = madeUpTitles(120);
  const tokenizer = restrictedTokenizer(titles);
  const { vocabularySize } = tokenizer;
  const configuration = {
    vocabularySize,
    contextLength,
    ...size,
    layerNormEpsilon: 1e-5,
  };
  const checkpoint = join(folder, 'checkpoint');
  await writeModelDescription(checkpoint, configuration, tokenizer);
  const specifications = new Map(parameterSpecifications(configuration).map((each) => [each.name, each]));
  await writeWeights(checkpoint, configuration, (parameter) => {
    const { shape, initial } = specifications.get(parameter)!;
    const random = createRandom(1, parameter);
    return Float32Array.from({ length: elementCount(shape) }, () =>
      'value' in initial ? initial.value : initial.standardDeviation * random.normal(),
    );
  });
  const { train, validation } = splitTitles(titles);
  await writeDataset(join(folder, 'dataset'), { train: [...train, ...more], validation });
  await writeManifest(folder, {
    formatVersion: manifestFormatVersion,
    titlesmithVersion: '0.0.0',
    name,
    createdAt: '2026-01-01T00:00:00.000Z',
    machine: { node: process.version, platform: 'test', cores: 1 },
    options: recordOptions({ ...defaultOptions(), ...options }),
    decisions: {},
    stages: {},
  });
  return folder;
}

/** A server of its own process. */
export interface Serving {
  /** With a slash at its end. */
  readonly url: string;
  readonly started: Started;
  /** What it has put out so far. */
  said(): string;
  /** Ends it as a platform does. */
  stop(): Promise<Finished>;
}

const open = new Set<Serving>();
afterAll(async () => {
  await Promise.all([...open].map((serving) => serving.stop()));
});

/** Serves a run, or several, until the end of the file's tests, and waits until the models are loaded. */
export async function serve(
  run: string | readonly string[],
  flags: readonly string[] = [],
  environment: NodeJS.ProcessEnv = {},
): Promise<Serving> {
  const runs = [run].flat();
  const command = [
    'serve',
    ...runs,
    '--port',
    '0',
    '--host',
    '127.0.0.1',
    '--json',
    '--log',
    'json',
    ...flags,
  ];
  const started = startCli(command, join(runs[0]!, '..'), environment);
  let said = '';
  started.child.stdout.on('data', (chunk: string) => {
    said += chunk;
  });
  await started.outputMatches(/"url":"http:[^"]+\/"/);
  const serving: Serving = {
    url: /"url":"(http:[^"]+\/)"/.exec(said)![1]!,
    started,
    said: () => said,
    stop: async () => {
      open.delete(serving);
      started.child.kill('SIGTERM');
      return started.finished;
    },
  };
  open.add(serving);
  return serving;
}

export async function post(url: string, body: unknown, init: RequestInit = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    body: JSON.stringify(body),
    ...init,
    headers: { 'Content-Type': 'application/json', ...init.headers },
  });
}

/** The value of a figure, all models together. */
export async function figure(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}metrics`)).text();
  const values = [...text.matchAll(new RegExp(`^titlesmith_${name}\\{model=".*"\\} (\\S+)$`, 'gm'))];
  return values.length === 0 ? Number.NaN : values.reduce((sum, [, value]) => sum + Number(value), 0);
}
