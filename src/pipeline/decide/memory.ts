import { freemem, totalmem } from 'node:os';
import { TitlesmithError } from '../../common/errors.js';
import { formatBytes } from '../../common/number-formats.js';
import { controlGroupMemory } from '../../io/control-group.js';
import { minimumTrainingBytes } from '../../model/training/memory-estimate.js';
import type { TransformerConfiguration } from '../../model/transformer/configuration.js';
import { publishedShape } from '../../model/weights/model-name.js';

/** Bytes this process may ever have: of the machine, or of the container it runs in. */
export function machineMemory(): number {
  return Math.min(controlGroupMemory().limit, totalmem());
}

/** Bytes that are free, or can be made free, now. */
export function availableMemory(): number {
  return Math.min(controlGroupMemory().available, freemem());
}

/** Who bounds the memory, for messages. */
export function memoryHolder(): string {
  const isBound = controlGroupMemory().limit < totalmem();
  return isBound ? 'this container or control group' : 'this machine';
}

/** What of a model is trained. */
interface TrainedParameters {
  readonly loraRank: number | undefined;
  readonly onlyTrainTransformerLayers: boolean;
}

/** As {@link checkTrainingMemory}, for a model known by its name alone, without a network; `auto` is none yet. */
export function checkPublishedModel(name: string, options: TrainedParameters): void {
  const shape = name === 'nano' || name === 'auto' ? undefined : publishedShape(name);
  if (shape) checkTrainingMemory(name, shape, options);
}

/**
 * Refuses a training that this machine cannot hold, before anything is loaded. Only what is certain counts: weights,
 * gradients and moments.
 * @param memory bytes there are.
 * @throws TitlesmithError `memory` naming what the model needs, what there is, and what to do.
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
