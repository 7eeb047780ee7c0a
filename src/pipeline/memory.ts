import { totalmem } from 'node:os';
import { TitlesmithError } from '../common/errors.js';
import type { Gpt2Configuration } from '../model/gpt2/configuration.js';
import { leastTrainingMemory } from '../model/training/memory.js';

const gigabyte = 1e9;

/** 3.24e9 → `3.2 GB`. */
export function gigabytes(bytes: number): string {
  return `${(bytes / gigabyte).toFixed(1)} GB`;
}

/** Bytes this process may ever have: of the machine, or of the container it runs in. */
export function machineMemory(): number {
  // Where there is no bound it is 0, or beyond all memory.
  const bound = process.constrainedMemory();
  return bound > 0 ? Math.min(bound, totalmem()) : totalmem();
}

/** Bytes that are free, or can be made free, now. */
export function availableMemory(): number {
  return Math.min(process.availableMemory(), machineMemory());
}

/**
 * Refuses a training that this machine cannot hold, before anything is loaded. Only what is certain counts: weights,
 * gradients and moments.
 * @param memory bytes there are.
 * @throws TitlesmithError `memory` naming what the model needs, what there is, and what to do.
 */
export function checkTrainingMemory(
  name: string,
  configuration: Gpt2Configuration,
  options: { readonly loraRank: number | undefined; readonly onlyTrainTransformerLayers: boolean },
  memory: number = machineMemory(),
): void {
  const needed = leastTrainingMemory(configuration, options);
  if (needed <= memory) return;
  const advice = options.loraRank === undefined ? 'Train adapters with --lora-rank 8, or take a' : 'Take a';
  throw new TitlesmithError(
    `Training ${name} needs at least ${gigabytes(needed)} of memory, but this machine has ${gigabytes(memory)}.`,
    { code: 'memory', hint: `${advice} smaller model, or another machine.` },
  );
}
