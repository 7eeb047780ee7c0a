import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../src/io/package-root.js';
import { isInstalled } from '../../test/interoperability/packages.js';
import { machine, table } from '../shared/figures.js';
import { readOptions } from './generate-options.js';
import { prepareModel } from './prepare.js';

/**
 * Generation of the same texts by titlesmith and its peers, each alone in a process of its own, in turns; medians over
 * the rounds. Peers that are not named (--python, --llama, --tensorflow) are left out, and transformers.js where
 * .ci/install-test-tools has not installed it. Slow peers are given fewer texts: the first
 * --peer-texts of them, gpt-2-simple's recipe the first 40.
 *
 *     npm run bench -- generate/compare --titles titles.csv --python venv/bin/python --llama folder
 *
 * `--only 'titlesmith|transformers'` leaves out the others.
 */
interface Measured {
  readonly name: string;
  readonly textsPerSecond: number;
  readonly tokensPerSecond: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly texts: number;
  readonly tokens: number;
  readonly peakGigabytes: number;
  readonly slotUseUntilTail?: number;
  readonly eventLoopDelayP99Ms?: number;
}

interface Contestant {
  /** What --only is matched with. */
  readonly key: string;
  readonly command: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const {
  model,
  lengths,
  source,
  slots,
  capacity,
  threads,
  rounds,
  python,
  llama,
  tensorflow,
  peerTexts,
  only,
} = readOptions();
const folders = await prepareModel(model);
const here = dirname(fileURLToPath(import.meta.url));

function lengthsFile(count: number): string {
  const path = join(packageRoot, '.cache/bench-models', `lengths-${count}.json`);
  writeFileSync(path, JSON.stringify(lengths.slice(0, count)));
  return path;
}

const all = lengthsFile(lengths.length);
const some = lengthsFile(Math.min(peerTexts, lengths.length));
const few = lengthsFile(Math.min(40, lengths.length));

function ours(precision: string): Contestant {
  const sizes = { model, slots, capacity, threads, precision, lengths: all };
  const flags = Object.entries(sizes).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return {
    key: `titlesmith ${precision}`,
    command: process.execPath,
    arguments: [join(here, 'texts.js'), ...flags],
  };
}

function pythonPeers(interpreter: string): Contestant[] {
  const script = join(packageRoot, 'bench/peers/pytorch_generate.py');
  const peer = (key: string, path: string, flags: readonly string[]): Contestant => ({
    key,
    command: interpreter,
    arguments: [script, folders.huggingFace, path, '--threads', String(threads), ...flags],
    // With its own default, two pools of threads fight for the cores.
    environment: { OMP_WAIT_POLICY: 'passive' },
  });
  return [
    ...[32, 64].map((batch) => peer(`pytorch ${batch}`, some, ['--batch', String(batch)])),
    peer('recipe', few, ['--recipe']),
  ];
}

function tensorflowPeer(interpreter: string): Contestant {
  const script = join(packageRoot, 'bench/peers/gpt2_simple.py');
  return {
    key: 'gpt-2-simple',
    command: interpreter,
    arguments: [script, few, '--threads', String(threads)],
  };
}

function llamaPeers(home: string, interpreter: string): Contestant[] {
  return ['f32', 'f16', 'q8_0'].map((kind) => {
    const path = join(dirname(folders.huggingFace), `${kind}.gguf`);
    const script = join(packageRoot, 'bench/peers/make_gguf.py');
    if (!existsSync(path)) execFileSync(interpreter, [script, folders.huggingFace, path, kind]);
    const settings = [home, path, String(folders.endToken), some, '32', String(threads)];
    return {
      key: `llama ${kind}`,
      command: process.execPath,
      arguments: [join(here, '../peers/llama.js'), ...settings],
    };
  });
}

function measure({ command, arguments: list, environment }: Contestant): Measured {
  const result = spawnSync(command, list, { env: { ...process.env, ...environment }, encoding: 'utf8' });
  const line = result.stdout.trim().split('\n').at(-1);
  if (result.status !== 0 || !line)
    throw new Error(`${command} ${list.join(' ')} failed: ${result.stderr.slice(-2000)}`);
  const measured = JSON.parse(line) as Measured;
  process.stderr.write(`${measured.name}: ${measured.textsPerSecond.toFixed(2)} texts/s\n`);
  return measured;
}

function transformersJsPeers(): Contestant[] {
  const script = join(here, '../peers/transformers-js.js');
  return [32, 64].map((batch) => ({
    key: `transformers.js ${batch}`,
    command: process.execPath,
    arguments: [script, folders.onnx, some, String(batch), String(threads)],
  }));
}

const everyone: readonly Contestant[] = [
  ours('float32'),
  ours('int8'),
  ...(isInstalled('@huggingface/transformers') ? transformersJsPeers() : []),
  ...(python === undefined ? [] : pythonPeers(python)),
  ...(tensorflow === undefined ? [] : [tensorflowPeer(tensorflow)]),
  ...(llama === undefined || python === undefined ? [] : llamaPeers(llama, python)),
];
const contestants = everyone.filter(({ key }) => only.test(key));
const results = new Map<Contestant, Measured[]>(contestants.map((contestant) => [contestant, []]));
for (let round = 0; round < rounds; round++) {
  for (const contestant of contestants) results.get(contestant)!.push(measure(contestant));
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
const of = (list: readonly Measured[], value: (measured: Measured) => number): number =>
  median(list.map(value));
const [first] = [...results.values()];
const rows = [...results.values()].map((list) => [
  list[0]!.name,
  list[0]!.texts,
  of(list, ({ textsPerSecond }) => textsPerSecond).toFixed(2),
  of(list, ({ tokensPerSecond }) => tokensPerSecond).toFixed(0),
  of(list, ({ texts, cpuSeconds }) => texts / cpuSeconds).toFixed(2),
  of(list, ({ peakGigabytes }) => peakGigabytes).toFixed(2),
  (of(first!, (each) => each.textsPerSecond) / of(list, (each) => each.textsPerSecond)).toFixed(2),
  (
    of(first!, ({ texts, cpuSeconds }) => texts / cpuSeconds) /
    of(list, ({ texts, cpuSeconds }) => texts / cpuSeconds)
  ).toFixed(2),
]);
const header = [
  '',
  'texts',
  'texts/s',
  'tokens/s',
  'texts a CPU second',
  'peak GB',
  'float32 ÷',
  'by CPU time',
];
process.stdout.write(`${model}, ${source}, ${threads} threads, ${rounds} rounds; ${machine()}\n\n`);
process.stdout.write(table(header, rows));
