import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../src/io/package-root.js';
import { formatDevice } from '../../src/model/engine/device-choice.js';
import { listDevices } from '../../src/model/engine/devices.js';
import { floatTypes } from '../../src/model/graph/shape.js';
import { type Load, readOptions } from './gpu-options.js';

/**
 * Everything that is to be known about a graphics card, in one command: each device that works, in float32 and, where it
 * has that, float16, on each load, and
 * PyTorch and Hugging Face generate beside it where --python or TITLESMITH_ORACLE_PYTHON names one. Without --device, all of ONNX Runtime's that
 * work but the processor. `--device "onnxruntime webgpu" --loads tiny:2x32 --steps 2 --texts 4 --slots 2 --matrix 64` is
 * small enough for a card in software.
 */
interface Measured {
  readonly name: string;
  readonly tokensPerSecond: number;
  readonly gigaflops: number;
  readonly matmulGigaflops?: number;
  readonly shareOfMatmul?: number;
  readonly copyGigabytes?: number;
  readonly textsPerSecond?: number;
  /** Of the rate of a copy, what reading all weights once for each token of the slots takes. */
  readonly shareOfCopy?: number;
}

const options = readOptions();
const devices = await listDevices();
for (const { works, description, reason, float16Shortage, ...choice } of devices) {
  const float16 = float16Shortage === undefined ? 'float16 too' : `no float16: ${float16Shortage}`;
  const found = works ? `${description ?? 'works'}, ${float16}` : reason;
  process.stdout.write(`${formatDevice(choice)}: ${found}\n`);
}
const cards = devices.filter(
  ({ engine, device, works, software }) => engine === 'onnxruntime' && device !== 'cpu' && works && !software,
);
const names = options.device === undefined ? cards.map(formatDevice) : [options.device];
/** Each device in each type that it computes in. */
const contestants = names.flatMap((device) => {
  const report = devices.find((candidate) => formatDevice(candidate) === device);
  const types = floatTypes.filter((type) => type === 'float32' || report?.float16Shortage === undefined);
  return types
    .filter((type) => options.precision === undefined || type === options.precision)
    .map((precision) => ({ device, precision }));
});

function measure(command: string, list: readonly string[]): Measured[] {
  const { status, stdout, stderr } = spawnSync(command, list, { encoding: 'utf8', maxBuffer: 1 << 26 });
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  // What fails is reported and leaves the rest of the table.
  if (status !== 0) process.stdout.write(`${list.join(' ')} failed: ${stderr.trim().slice(-600)}\n`);
  return lines.map((line) => JSON.parse(line) as Measured);
}

const script = fileURLToPath(new URL('./load.js', import.meta.url));
const peer = join(packageRoot, 'bench/peers/pytorch_gpu.py');

function measureLoad({ model, configuration, rows, rowLength }: Load): Measured[] {
  const { steps, texts, slots, matrix, python } = options;
  const shared = { steps, texts, slots, matrix };
  const flags = (values: Readonly<Record<string, number>>): string[] =>
    Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const ours = contestants.flatMap(({ device, precision }) => {
    const size = ['--device', device, '--precision', precision, '--loads', `${model}:${rows}x${rowLength}`];
    return measure(process.execPath, [script, ...size, ...flags(shared)]);
  });
  if (python === undefined) return ours;
  const { width, layers, heads, vocabularySize, contextLength } = configuration;
  const size = { width, layers, heads, vocabulary: vocabularySize, context: contextLength, rows };
  return [
    ...ours,
    ...measure(python, [peer, ...flags({ ...size, ...shared }), '--row-length', String(rowLength)]),
  ];
}

const round = (value: number | undefined, digits = 1): number | string =>
  value === undefined ? '' : Number(value.toFixed(digits));
for (const load of options.loads) {
  const results = measureLoad(load);
  process.stdout.write(`\n${load.model}, ${load.rows} × ${load.rowLength} tokens a step\n`);
  console.table(
    results.map((result) => ({
      what: result.name,
      'tokens/s': round(result.tokensPerSecond, 0),
      'GFLOP/s': round(result.gigaflops),
      'matmul GFLOP/s': round(result.matmulGigaflops),
      'share of matmul': round(result.shareOfMatmul, 2),
      'texts/s': round(result.textsPerSecond),
      'copy GB/s': round(result.copyGigabytes),
      'share of copy': round(result.shareOfCopy, 3),
    })),
  );
}
