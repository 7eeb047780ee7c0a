import { parseArgs } from 'node:util';
import type { TransformerConfiguration } from '../../src/model/transformer/configuration.js';
import { configurations } from '../shared/configurations.js';

export interface StepOptions {
  readonly model: string;
  readonly configuration: TransformerConfiguration;
  readonly rows: number;
  readonly rowLength: number;
  readonly steps: number;
  readonly threads: number;
  readonly loraRank: number | undefined;
  readonly frozenPrecision: string | undefined;
  readonly recompute: boolean;
  readonly rounds: number;
  /** Text in the script, arguments or note of the contestants to measure beside the first; undefined: all. */
  readonly only: string | undefined;
  /** A Python with PyTorch, for the peers. */
  readonly python: string | undefined;
  /** Where ONNX Runtime writes the times of every operator, as a path's beginning. */
  readonly profile: string | undefined;
  /** A folder of recorded batches to train on instead of random tokens. */
  readonly batches: string | undefined;
  /** A folder of `writeTrainingStart`, to start from instead of random weights of its own. */
  readonly start: string | undefined;
}

/** Steps that are not measured. */
export const warmUpSteps = 2;

/** Reads the options all finetune benches share. */
export function readOptions(): StepOptions {
  const { values } = parseArgs({
    options: {
      model: { type: 'string', default: '124M' },
      rows: { type: 'string', default: '16' },
      'row-length': { type: 'string', default: '64' },
      steps: { type: 'string', default: '4' },
      threads: { type: 'string', default: '2' },
      'lora-rank': { type: 'string' },
      'frozen-precision': { type: 'string' },
      recompute: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string' },
      python: { type: 'string' },
      profile: { type: 'string' },
      vocabulary: { type: 'string' },
      batches: { type: 'string' },
      start: { type: 'string' },
    },
  });
  const named = configurations[values.model];
  if (!named) throw new Error(`--model takes ${Object.keys(configurations).join(', ')}`);
  const { vocabulary } = values;
  const configuration = vocabulary === undefined ? named : { ...named, vocabularySize: Number(vocabulary) };
  return {
    model: values.model,
    configuration,
    rows: Number(values.rows),
    rowLength: Number(values['row-length']),
    steps: Number(values.steps),
    threads: Number(values.threads),
    loraRank: values['lora-rank'] === undefined ? undefined : Number(values['lora-rank']),
    frozenPrecision: values['frozen-precision'],
    recompute: values.recompute,
    rounds: Number(values.rounds),
    only: values.only,
    python: values.python,
    profile: values.profile,
    batches: values.batches,
    start: values.start,
  };
}
