import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KernelTime } from './measured.js';

/** What a training step and a text's steps of generation ask of the card, kernel by kernel. */
export interface KernelTimes {
  readonly by: string;
  readonly kernels: readonly KernelTime[];
}

interface Launch {
  readonly kernel: string;
  readonly milliseconds: number;
}

/** Launches of the same kernel added up, the longest first. */
function addUp(launches: readonly Launch[]): KernelTime[] {
  const sums = new Map<string, { launches: number; milliseconds: number }>();
  for (const { kernel, milliseconds } of launches) {
    const sum = sums.get(kernel) ?? { launches: 0, milliseconds: 0 };
    sums.set(kernel, { launches: sum.launches + 1, milliseconds: sum.milliseconds + milliseconds });
  }
  return [...sums]
    .map(([kernel, sum]) => ({ kernel, ...sum }))
    .toSorted((a, b) => b.milliseconds - a.milliseconds);
}

const perUnit: Readonly<Record<string, number>> = {
  nsecond: 1e-6,
  ns: 1e-6,
  usecond: 1e-3,
  us: 1e-3,
  msecond: 1,
  ms: 1,
  second: 1e3,
  s: 1e3,
};

/** Cells of a line of CSV whose cells are all quoted, as NVIDIA's ncu writes it. */
const cellsOf = (line: string): string[] =>
  Array.from(line.matchAll(/"((?:[^"]|"")*)"(?:,|$)/g), ([, cell = '']) => cell.replaceAll('""', '"'));

/** The launches in the output of `ncu --csv --metrics gpu__time_duration.sum`. */
function launchesOfNcu(output: string): Launch[] {
  const lines = output.split('\n').map((line) => line.trim());
  const first = lines.findIndex((line) => line.startsWith('"ID"'));
  const names = cellsOf(lines[first] ?? '');
  const at = (cells: readonly string[], name: string): string => cells[names.indexOf(name)] ?? '';
  return lines
    .slice(first + 1)
    .filter((line) => line.startsWith('"'))
    .map(cellsOf)
    .filter((cells) => at(cells, 'Metric Name') === 'gpu__time_duration.sum')
    .map((cells) => ({
      // Without the arguments of a template, which fill lines.
      kernel: at(cells, 'Kernel Name').replace(/<.*|\(.*/, ''),
      milliseconds:
        Number(at(cells, 'Metric Value').replaceAll(',', '')) * perUnit[at(cells, 'Metric Unit')]!,
    }));
}

interface TraceEvent {
  readonly cat?: string;
  readonly name: string;
  /** Microseconds. */
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}

/**
 * The launches in ONNX Runtime's profiles: of WebGPU what the card's clock says (category Api); otherwise the time in which
 * operators were started, which is not the card's.
 */
function launchesOfTraces(traces: readonly (readonly TraceEvent[])[]): {
  readonly isCard: boolean;
  readonly launches: Launch[];
} {
  const events = traces.flat();
  const onCard = events.filter(({ cat }) => cat === 'Api' || cat === 'Kernel');
  const started = events.filter(({ cat, name }) => cat === 'Node' && name.endsWith('_kernel_time'));
  const isCard = onCard.length > 0;
  const launches = (isCard ? onCard : started).map(({ name, dur, args }) => ({
    kernel: args?.op_name ?? name.split('&').at(-1)!,
    milliseconds: dur / 1000,
  }));
  return { isCard, launches };
}

const script = fileURLToPath(new URL('./kernels.js', import.meta.url));

/** @param list flags of the process that is watched. @throws Error with what it said, if it fails. */
function run(command: string, list: readonly string[], environment: Record<string, string>): string {
  const { status, stdout, stderr } = spawnSync(command, list, {
    encoding: 'utf8',
    maxBuffer: 1 << 29,
    env: { ...process.env, ...environment },
  });
  if (status !== 0) throw new Error(`${command} ${list.join(' ')}: ${stderr.trim().slice(-600)}`);
  return stdout;
}

const hasNcu = (): boolean => spawnSync('ncu', ['--version']).status === 0;

/**
 * Times of the kernels of one training step, or of one text's steps of generation: by NVIDIA's ncu for CUDA where it is
 * installed, else by ONNX Runtime's profile.
 * @throws Error with what the process said, if it fails.
 */
export function kernelTimes(
  what: 'training' | 'generation',
  flags: readonly string[],
  isCuda: boolean,
): KernelTimes {
  const environment = { BENCH_WHAT: what };
  let refusal = '';
  if (isCuda && hasNcu()) {
    const metrics = ['--clock-control', 'none', '--metrics', 'gpu__time_duration.sum', '--csv'];
    const watched = ['--target-processes', 'all', ...metrics, process.execPath, script, ...flags];
    try {
      return { by: "ncu, the card's clock", kernels: addUp(launchesOfNcu(run('ncu', watched, environment))) };
    } catch (error) {
      // A container may keep the card's counters from it.
      refusal = `; ncu failed: ${(error as Error).message}`;
    }
  }
  const folder = mkdtempSync(join(tmpdir(), 'kernels-'));
  try {
    run(process.execPath, [script, ...flags], { ...environment, BENCH_PROFILE: join(folder, 'trace') });
    const traces = readdirSync(folder).map(
      (file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as TraceEvent[],
    );
    const { isCard, launches } = launchesOfTraces(traces);
    const by = isCard
      ? "ONNX Runtime's profile, the card's clock"
      : `ONNX Runtime's profile: the time to start operators, not the card's (ncu, where it is installed, has that)${refusal}`;
    return { by, kernels: addUp(launches) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
