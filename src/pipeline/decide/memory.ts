import { freemem, totalmem } from 'node:os';
import { TitlesmithError } from '../../common/errors.js';
import { formatBytes } from '../../common/number-formats.js';
import { controlGroupMemory } from '../../io/control-group.js';
import { minimumTrainingBytes } from '../../model/training/memory-estimate.js';
import type { TransformerConfiguration } from '../../model/transformer/configuration.js';
import { publishedShape } from '../../model/weights/model-name.js';

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
}

/** {@link checkTrainingMemory} for models whose shape follows from their name, without network access; others pass. */
export function checkPublishedModel(name: string, options: TrainedParameters): void {
  const shape = name === 'nano' || name === 'auto' ? undefined : publishedShape(name);
  if (shape) checkTrainingMemory(name, shape, options);
}

/**
 * Refuses a training that does not fit in memory, before anything is loaded. Counts only what is certainly needed:
 * weights, gradients and moments.
 * @param memory available bytes.
 * @throws TitlesmithError `memory` with the bytes needed, the bytes available, and what to do.
 */
export function checkTrainingMemory(
  name: string,
  configuration: TransformerConfiguration,
  options: TrainedParameters,
  memory: number = machineMemory(),
): void {
  const needed = minimumTrainingBytes(configuration, options);
  if (needed <= memory) return;
  const advice = options.loraRank === undefined ? 'Train adapters with --lora-rank 8, or take a' : 'Take a';
  throw new TitlesmithError(
    `Training ${name} needs at least ${formatBytes(needed)} of memory, but ${memoryHolder()} has ${formatBytes(memory)}.`,
    { code: 'memory', hint: `${advice} smaller model, or another machine.` },
  );
}
