import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { silentContext } from '../../src/common/progress.js';
import { createRandom } from '../../src/common/random.js';
import { decodeAdapter } from '../../src/model/transformer/adapters.js';
import { loraSpecifications } from '../../src/model/transformer/lora.js';
import { createParameterStore } from '../../src/model/transformer/parameters.js';
import { baseIdentity } from '../../src/model/weights/adapter-bytes.js';
import { readAdapter, writeAdapter } from '../../src/model/weights/adapter-file.js';
import { baseFolder } from '../../src/model/weights/base-folder.js';
import { openModelFiles } from '../../src/model/weights/open-for-generation.js';
import { defaultOptions, recordOptions } from '../../src/options/option-values.js';
import { writeManifest } from '../../src/pipeline/run/manifest-file.js';
import { manifestFormatVersion } from '../../src/run/manifest.js';
import { machine, table } from '../shared/figures.js';
import { titleLengths } from './lengths.js';
import { quantile, run, summary } from './load.js';
import { servedModel } from './served-model.js';
import { type ServerProcess, startServer } from './server-process.js';

/**
 * Many adapters of one base in a server beside one model alone: texts a second of as many clients, each of which asks another
 * model, in turns in the same run; memory before and after; time to load one more.
 *
 *     npm run bench -- serve/many-models --adapters 50
 */
const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'base' },
    adapters: { type: 'string', default: '50' },
    rank: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '8' },
    threads: { type: 'string', default: '2' },
    precision: { type: 'string', default: 'float32' },
  },
});
const [count, rank] = [Number(values.adapters), Number(values.rank)];
const folder = mkdtempSync(join(tmpdir(), 'titlesmith-bench-many-'));
const base = values.model === 'base' ? baseFolder : await servedModel(values.model);

const opened = await openModelFiles(base, silentContext);
const { configuration, tokenizer, weights } = opened;
const identity = await baseIdentity(configuration, tokenizer, weights);
await weights.close();

/** A run as a training with adapters leaves it; its merged weights, which are not read, are those of the base. */
async function makeRun(name: string): Promise<string> {
  const path = join(folder, name);
  const checkpoint = join(path, 'checkpoint');
  mkdirSync(checkpoint, { recursive: true });
  for (const file of ['config.json', 'vocab.json', 'merges.txt'])
    cpSync(join(base, file), join(checkpoint, file));
  symlinkSync(join(base, 'model.safetensors'), join(checkpoint, 'model.safetensors'));
  const store = createParameterStore(loraSpecifications(configuration, rank));
  const random = createRandom(1, name);
  for (const index of store.flat.keys()) store.flat[index] = 0.01 * random.normal();
  await writeAdapter(checkpoint, identity, store.specifications, (each) => store.views.get(each)!);
  await writeManifest(path, {
    formatVersion: manifestFormatVersion,
    titlesmithVersion: '0.0.0',
    name,
    createdAt: '2026-01-01T00:00:00.000Z',
    machine: { node: process.version, platform: 'bench', cores: 1 },
    options: recordOptions({ ...defaultOptions(), loraRank: rank }),
    decisions: { model: { choice: base, reason: 'the bench' } },
    stages: {},
  });
  return path;
}

const cli = join(dirname(fileURLToPath(import.meta.url)), '../../src/cli.js');

function start(models: readonly string[]): Promise<ServerProcess> {
  const flags = {
    slots: count,
    queue: count,
    threads: values.threads,
    precision: values.precision,
    port: 0,
    host: '127.0.0.1',
    log: 'off',
    device: 'cpu',
  };
  const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return startServer(process.execPath, [cli, 'serve', ...models, ...words, '--json']);
}

const lengths = titleLengths(997).map((length) => Math.min(length, configuration.contextLength - 2));
const names = Array.from({ length: count }, (_, index) => `adapter${index}`);
const runs: string[] = [];
for (const name of names) runs.push(await makeRun(name));

const rates: Record<'one' | 'many', number[]> = { one: [], many: [] };
const [one, many] = [await start([`one=${base}`]), await start(runs)];
try {
  const memory = { one: one.memory(), many: many.memory() };
  const measure = async (server: ServerProcess, models: readonly string[], seconds: number) =>
    summary(await run({ url: server.url, model: '', models, lengths, clients: count, seconds }));
  await measure(one, ['one'], 1.5);
  await measure(many, names, 1.5);
  let failed = 0;
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [kind, server, models] of [
      ['one', one, ['one']],
      ['many', many, names],
    ] as const) {
      const measured = await measure(server, models, Number(values.seconds));
      rates[kind].push(measured.textsPerSecond);
      failed += measured.failed + measured.refused;
      process.stderr.write(`${kind}: ${measured.textsPerSecond.toFixed(1)} texts/s\n`);
    }
  }
  const loads: number[] = [];
  for (const path of runs) {
    const began = performance.now();
    const read = await readAdapter(join(path, 'checkpoint'), configuration);
    decodeAdapter(configuration, read.factors, read.rank, rank);
    loads.push(performance.now() - began);
  }
  const ratios = rates.many.map((rate, round) => rate / rates.one[round]!);
  const megabytes = (value: number | undefined): string => (value ?? Number.NaN).toFixed(0);
  const row = (name: string, kind: 'one' | 'many', server: ServerProcess): (string | number)[] => [
    name,
    count,
    quantile(rates[kind], 0.5).toFixed(1),
    megabytes(memory[kind]),
    megabytes(server.memory()),
  ];
  process.stdout.write(
    `${values.model}, ${values.precision}, rank ${rank}, ${values.rounds} rounds of ${values.seconds} s; ${machine()}\n\n`,
  );
  process.stdout.write(
    table(
      ['server', 'clients', 'texts/s', 'resident MB at the start', 'after'],
      [row('one model', 'one', one), row(`${count} adapters`, 'many', many)],
    ),
  );
  process.stdout.write(
    `\nadapters ÷ one model: ${quantile(ratios, 0.5).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}); ` +
      `one more adapter read in ${quantile(loads, 0.5).toFixed(0)} ms, at most ${Math.max(...loads).toFixed(0)} ms; ${failed} refused or failed\n`,
  );
} finally {
  await one.stop();
  await many.stop();
  if (existsSync(folder)) rmSync(folder, { recursive: true });
}
