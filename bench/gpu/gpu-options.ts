import { parseArgs } from 'node:util';
import type { TransformerConfiguration } from '../../src/model/transformer/configuration.js';
import { type MixedPrecision, mixedPrecisions } from '../../src/options/choices.js';
import { configurations } from '../shared/configurations.js';

/** One model with one size of step. */
export interface Load {
  readonly model: string;
  readonly configuration: TransformerConfiguration;
  readonly rows: number;
  readonly rowLength: number;
}

/** A type of matrix products as it is named here: what `--mixed-precision off` is. */
export type BenchPrecision = 'float32' | Exclude<MixedPrecision, 'off'>;
export const benchPrecisions: readonly BenchPrecision[] = mixedPrecisions.map((name) =>
  name === 'off' ? 'float32' : name,
);

export interface GpuOptions {
  readonly device: string | undefined;
  /** Type of matrix products; undefined: each that the device has. */
  readonly precision: BenchPrecision | undefined;
  readonly loads: readonly Load[];
  readonly steps: number;
  readonly texts: number;
  /** Numbers of texts generated side by side, one generation each. */
  readonly slots: readonly number[];
  /** Nuclei that tokens are drawn from, one generation each; 0: all tokens. */
  readonly topP: readonly number[];
  /** Width of the square matrices whose product tells what the card can do. */
  readonly matrix: number;
  /** A Python with PyTorch and transformers, for the peers. */
  readonly python: string | undefined;
  /** Whether to measure the time of each kernel. */
  readonly kernels: boolean;
}

/** Small enough for a graphics card in software: shows that the bench runs. */
const tiny: TransformerConfiguration = {
  vocabularySize: 512,
  contextLength: 64,
  width: 32,
  layers: 1,
  heads: 2,
  layerNormEpsilon: 1e-5,
};

const numbers = (text: string): number[] => text.split(',').map(Number);

/**
 * Reads the options of the bench and of the processes it starts. `--loads` is like `124M:16x64,355M:64x64`, `--slots` and
 * `--top-p` are lists too.
 */
export function readOptions(): GpuOptions {
  const { values } = parseArgs({
    options: {
      device: { type: 'string' },
      precision: { type: 'string' },
      loads: { type: 'string', default: '124M:16x64,124M:64x64,355M:16x64,355M:64x64' },
      steps: { type: 'string', default: '10' },
      texts: { type: 'string', default: '1000' },
      slots: { type: 'string', default: '64,256' },
      'top-p': { type: 'string', default: '0,0.9' },
      matrix: { type: 'string', default: '4096' },
      python: { type: 'string' },
      'without-kernels': { type: 'boolean', default: false },
    },
  });
  const loads = values.loads.split(',').map((text) => {
    const [, model = '', rows, rowLength] = /^(\w+):(\d+)x(\d+)$/.exec(text) ?? [];
    const configuration = model === 'tiny' ? tiny : configurations[model];
    if (!configuration) throw new Error('--loads takes 124M:16x64 and the like, tiny:2x32');
    return { model, configuration, rows: Number(rows), rowLength: Number(rowLength) };
  });
  const precision = benchPrecisions.find((name) => name === values.precision);
  if (values.precision !== undefined && !precision)
    throw new Error(`--precision takes ${benchPrecisions.join(', ')}`);
  return {
    device: values.device,
    precision,
    loads,
    steps: Number(values.steps),
    texts: Number(values.texts),
    slots: numbers(values.slots),
    topP: numbers(values['top-p']),
    matrix: Number(values.matrix),
    python: values.python ?? process.env['TITLESMITH_ORACLE_PYTHON'],
    kernels: !values['without-kernels'],
  };
}

/** Flags that {@link readOptions} reads back as the same options, of those that concern a load. */
export function loadFlags({ steps, texts, slots, topP, matrix }: GpuOptions): string[] {
  const values = { steps, texts, slots, 'top-p': topP, matrix };
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

/** One load on one device, as a process that measures it is asked for it. */
export function readLoad(): Load & GpuOptions & { readonly precision: BenchPrecision } {
  const options = readOptions();
  const [load] = options.loads;
  if (!load) throw new Error('needs --loads');
  return { ...options, ...load, precision: options.precision ?? 'float32' };
}
