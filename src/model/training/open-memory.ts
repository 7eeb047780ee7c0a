import type { Engine } from '../engine/engine.js';
import { DeviceTrainingMemory } from './device-memory.js';
import { HostTrainingMemory } from './host-memory.js';
import { Optimizer } from './optimizer.js';
import type { TrainableModel } from './trainable.js';
import type { TrainingMemory } from './training-memory.js';

/**
 * Memory to train in: the engine's device, or the model's own arrays.
 * @param model as it is at the beginning: later changes to its arrays are not seen by a device.
 * @throws TitlesmithError where the device has too little memory.
 */
export async function openTrainingMemory(engine: Engine, model: TrainableModel): Promise<TrainingMemory> {
  if (engine.memory) return DeviceTrainingMemory.open(engine, engine.memory, model);
  return new HostTrainingMemory(model, await Optimizer.create(engine, model.state));
}
