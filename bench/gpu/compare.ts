import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../src/io/package-root.js';
import { formatDevice } from '../../src/model/engine/device-choice.js';
import { type DeviceReport, listDevices } from '../../src/model/engine/devices.js';
import { type BenchPrecision, benchPrecisions, type Load, loadFlags, readOptions } from './gpu-options.js';
import { type KernelTimes, kernelTimes } from './kernel-times.js';
import type { Measured } from './measured.js';

/**
 * Everything that is to be known about a graphics card, in one command: each device that works, in float32, TF32 and
 * float16 where it has them, on each load: a training step and its parts, generation with each number of slots and each
 * nucleus, and the time of each kernel; and PyTorch and Hugging Face generate beside it where --python or
 * TITLESMITH_ORACLE_PYTHON names one. Without --device, all of ONNX Runtime's that work but the processor.
 * `--device "onnxruntime webgpu" --loads tiny:2x32 --steps 2 --texts 4 --slots 2 --top-p 0 --matrix 64` is small enough
 * for a card in software.
 */
const options = readOptions();
const devices = await listDevices();
for (const { works, description, reason, float16Shortage, computeCapability, ...choice } of devices) {
  const float16 = float16Shortage === undefined ? 'float16 too' : `no float16: ${float16Shortage}`;
  const capability = computeCapability === undefined ? '' : `, compute capability ${computeCapability}`;
  const found = works ? `${description ?? 'works'}, ${float16}${capability}` : reason;
  process.stdout.write(`${formatDevice(choice)}: ${found}\n`);
}
const cards = devices.filter(
  ({ engine, device, works, software }) => engine === 'onnxruntime' && device !== 'cpu' && works && !software,
);
const names = options.device === undefined ? cards.map(formatDevice) : [options.device];

/** Whether a device has matrix products of a type: TF32 is CUDA's, from Ampere on. */
function hasPrecision(report: DeviceReport | undefined, precision: BenchPrecision): boolean {
  if (precision === 'float32') return true;
  if (precision === 'tf32') return (report?.computeCapability ?? 0) >= 8;
  return report?.works === true && report.float16Shortage === undefined;
}

/** Each device in each type that it computes in. */
const contestants = names.flatMap((device) => {
  const report = devices.find((candidate) => formatDevice(candidate) === device);
  return benchPrecisions
    .filter((precision) => hasPrecision(report, precision))
    .filter((precision) => options.precision === undefined || precision === options.precision)
    .map((precision) => ({ device, precision }));
});

function measure(command: string, list: readonly string[]): Measured[] {
  const { status, stdout, stderr } = spawnSync(command, list, { encoding: 'utf8', maxBuffer: 1 << 26 });
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  // What fails is reported and leaves the rest of the table.
  if (status !== 0) process.stdout.write(`${list.join(' ')} failed: ${stderr.trim().slice(-600)}\n`);
  for (const line of stdout.split('\n')) if (line.startsWith('failed: ')) process.stdout.write(`${line}\n`);
  return lines.map((line) => JSON.parse(line) as Measured);
}

const script = fileURLToPath(new URL('./load.js', import.meta.url));
const peer = join(packageRoot, 'bench/peers/pytorch_gpu.py');

/** The flags of a load on one device. */
const flagsOf = (
  { model, rows, rowLength }: Load,
  { device, precision }: (typeof contestants)[number],
): string[] => {
  const size = ['--device', device, '--precision', precision, '--loads', `${model}:${rows}x${rowLength}`];
  return [...size, ...loadFlags(options)];
};

function measureLoad(load: Load): Measured[] {
  const ours = contestants.flatMap((contestant) =>
    measure(process.execPath, [script, ...flagsOf(load, contestant)]),
  );
  const { python } = options;
  if (python === undefined) return ours;
  const { width, layers, heads, vocabularySize, contextLength } = load.configuration;
  const size = { width, layers, heads, vocabulary: vocabularySize, context: contextLength };
  const shape = { ...size, rows: load.rows, 'row-length': load.rowLength };
  const flags = Object.entries(shape).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return [...ours, ...measure(python, [peer, ...flags, ...loadFlags(options)])];
}

const round = (value: number | undefined, digits = 1): number | string =>
  value === undefined ? '' : Number(value.toFixed(digits));
const milliseconds = (value: number | undefined): number | string =>
  value === undefined ? '' : round(1000 * value, 2);

function printTraining(results: readonly Measured[]): void {
  console.table(
    results.map(({ parts, ...result }) => ({
      what: result.name,
      'tokens/s': round(result.tokensPerSecond, 0),
      'GFLOP/s': round(result.gigaflops),
      'matmul GFLOP/s': round(result.matmulGigaflops),
      'share of matmul': round(result.shareOfMatmul, 2),
      'forward, backward ms': milliseconds(parts?.forwardBackward),
      'update ms': milliseconds(parts?.update),
      'copies ms': milliseconds(parts?.copies),
    })),
  );
}

function printGeneration(results: readonly Measured[]): void {
  const rows = results.flatMap(({ name, copyGigabytes, generation = [] }) =>
    generation.map(({ slots, topP, textsPerSecond, shareOfCopy, step }) => ({
      what: name,
      slots,
      'top-p': topP === 0 ? '' : topP,
      'texts/s': round(textsPerSecond),
      'step ms': milliseconds(step?.seconds),
      'outside the model ms': milliseconds(step?.outside),
      'sampling ms': milliseconds(step?.sampling),
      'copy GB/s': round(copyGigabytes),
      'share of copy': round(shareOfCopy, 3),
    })),
  );
  if (rows.length > 0) console.table(rows);
}

/** Most kernels shown. */
const shownKernels = 15;

function printKernels(what: string, { by, kernels }: KernelTimes): void {
  const total = kernels.reduce((sum, kernel) => sum + kernel.milliseconds, 0);
  const launches = kernels.reduce((sum, kernel) => sum + kernel.launches, 0);
  process.stdout.write(`${what}: ${round(total, 2)} ms in ${launches} launches, by ${by}\n`);
  console.table(
    kernels.slice(0, shownKernels).map((kernel) => ({
      kernel: kernel.kernel,
      launches: kernel.launches,
      ms: round(kernel.milliseconds, 3),
      share: round(kernel.milliseconds / total, 3),
    })),
  );
}

for (const load of options.loads) {
  const results = measureLoad(load);
  process.stdout.write(`\n${load.model}, ${load.rows} × ${load.rowLength} tokens a step\n`);
  printTraining(results);
  printGeneration(results);
  for (const contestant of options.kernels ? contestants : []) {
    const { device, precision } = contestant;
    for (const what of ['training', 'generation'] as const) {
      // Generation has no TF32.
      if (what === 'generation' && precision === 'tf32') continue;
      const times = what === 'training' ? 'one training step' : `${options.slots[0]} texts of 24 tokens`;
      try {
        const found = kernelTimes(what, flagsOf(load, contestant), device === 'onnxruntime cuda');
        printKernels(`${device}, ${precision}, ${times}`, found);
      } catch (error) {
        process.stdout.write(`${device}, ${precision}, ${times} failed: ${(error as Error).message}\n`);
      }
    }
  }
}
