import { parseArgs } from 'node:util';
import { type FloatType, floatTypes } from '../../src/model/graph/shape.js';
import type { TransformerConfiguration } from '../../src/model/transformer/configuration.js';
import { configurations } from '../shared/configurations.js';

/** One model with one size of step. */
export interface Load {
  readonly model: string;
  readonly configuration: TransformerConfiguration;
  readonly rows: number;
  readonly rowLength: number;
}

export interface GpuOptions {
  readonly device: string | undefined;
  /** Type of matrix products; undefined: each that the device has. */
  readonly precision: FloatType | undefined;
  readonly loads: readonly Load[];
  readonly steps: number;
  readonly texts: number;
  readonly slots: number;
  /** Width of the square matrices whose product tells what the card can do. */
  readonly matrix: number;
  /** A Python with PyTorch and transformers, for the peers. */
  readonly python: string | undefined;
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

/** Reads the options of the bench and of the processes it starts. `--loads` is like `124M:16x64,355M:64x64`. */
export function readOptions(): GpuOptions {
  const { values } = parseArgs({
    options: {
      device: { type: 'string' },
      precision: { type: 'string' },
      loads: { type: 'string', default: '124M:16x64,124M:64x64,355M:16x64,355M:64x64' },
      steps: { type: 'string', default: '10' },
      texts: { type: 'string', default: '1000' },
      slots: { type: 'string', default: '64' },
      matrix: { type: 'string', default: '4096' },
      python: { type: 'string' },
    },
  });
  const loads = values.loads.split(',').map((text) => {
    const [, model = '', rows, rowLength] = /^(\w+):(\d+)x(\d+)$/.exec(text) ?? [];
    const configuration = model === 'tiny' ? tiny : configurations[model];
    if (!configuration) throw new Error('--loads takes 124M:16x64 and the like, tiny:2x32');
    return { model, configuration, rows: Number(rows), rowLength: Number(rowLength) };
  });
  const precision = floatTypes.find((type) => type === values.precision);
  if (values.precision !== undefined && !precision)
    throw new Error(`--precision takes ${floatTypes.join(', ')}`);
  return {
    device: values.device,
    precision,
    loads,
    steps: Number(values.steps),
    texts: Number(values.texts),
    slots: Number(values.slots),
    matrix: Number(values.matrix),
    python: values.python ?? process.env['TITLESMITH_ORACLE_PYTHON'],
  };
}
