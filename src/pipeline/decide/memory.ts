import { freemem, totalmem } from 'node:os';
import { TitlesmithError } from '../../common/errors.js';
import { formatBytes } from '../../common/number-formats.js';
import { controlGroupMemory } from '../../io/control-group.js';
import { estimatedTrainingBytes, minimumTrainingBytes } from '../../model/training/memory-estimate.js';
import type { TransformerConfiguration } from '../../model/transformer/configuration.js';
import { scratchName } from '../../options/option-rules.js';
import type { RunOptions } from '../../options/option-table.js';
import type { GivenSizes } from '../../run/model-sizes.js';
import { knownShape } from './known-shape.js';

/** Memory limit in bytes: of the machine, or of the container this process runs in. */
export function machineMemory(): number {
  return Math.min(controlGroupMemory().limit, totalmem());
}

/** Bytes that are free or can be reclaimed now. */
export function availableMemory(): number {
  return Math.min(controlGroupMemory().available, freemem());
}

/** What limits the memory, for messages. */
export function memoryHolder(): string {
  const isBound = controlGroupMemory().limit < totalmem();
  return isBound ? 'this container or control group' : 'this machine';
}

/** Which parameters of a model are trained. */
interface TrainedParameters {
  readonly loraRank: number | undefined;
  readonly onlyTrainTransformerLayers: boolean;
  readonly frozenPrecision?: RunOptions['frozenPrecision'];
}

/** What a batch takes on a processor. */
interface TrainingBatch {
  readonly batchSize: number;
  /** In tokens. */
  readonly rowLength: number;
}

/** {@link checkTrainingMemory} for models whose shape follows from their name and options; others pass. */
export function checkKnownModel(name: string, options: TrainedParameters & GivenSizes): void {
  const shape = knownShape(name, options);
  if (shape) checkTrainingMemory(name, shape, options);
}

/**
 * Refuses a training that does not fit in memory, before anything is loaded.
 * @param batch what the processor holds for a batch, activations included; undefined: only what is certainly needed counts,
 *   weights, gradients and moments.
 * @param memory available bytes.
 * @throws TitlesmithError `memory` with the bytes needed, the bytes available, and what to do.
 */
export function checkTrainingMemory(
  name: string,
  configuration: TransformerConfiguration,
  options: TrainedParameters,
  batch?: TrainingBatch,
  memory: number = machineMemory(),
): void {
  const { loraRank } = options;
  const minimum = minimumTrainingBytes(configuration, options);
  const needed = batch ? estimatedTrainingBytes(configuration, { ...options, ...batch }) : minimum;
  if (needed <= memory) return;
  const has = `but ${memoryHolder()} has ${formatBytes(memory)}`;
  const adapters = loraRank === undefined ? 'Train adapters with --lora-rank 8, or take a' : 'Take a';
  const isSized = name === scratchName;
  const smaller = isSized ? 'Take a lower --width or fewer --layers' : `${adapters} smaller model`;
  const { layers, width } = configuration;
  const training = `Training ${isSized ? `a GPT-2 of ${layers} × ${width} channels` : name}`;
  if (!batch || minimum > memory) {
    throw new TitlesmithError(`${training} needs at least ${formatBytes(minimum)} of memory, ${has}.`, {
      code: 'memory',
      hint: `${smaller}, or another machine.`,
    });
  }
  const { batchSize, rowLength } = batch;
  const rows = `${batchSize} ${batchSize === 1 ? 'row' : 'rows'} of ${rowLength} tokens`;
  const hint =
    batchSize > 1
      ? 'Give a lower --batch-size, with --accumulate-gradients for steps of the same size.'
      : `${smaller}.`;
  throw new TitlesmithError(
    `${training} with ${rows} in a batch takes some ${formatBytes(needed)} of memory, ${has}.`,
    { code: 'memory', hint },
  );
}
