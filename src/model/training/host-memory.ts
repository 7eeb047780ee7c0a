import { earlierGradientName, gradientName } from './loss-graph.js';
import type { Optimizer, UpdateOptions } from './optimizer.js';
import { parameterFeeds, type TrainableModel } from './trainable.js';
import type { TrainingMemory, Values } from './training-memory.js';

/** Training in the model's own arrays. */
export class HostTrainingMemory implements TrainingMemory {
  private readonly results: Values;
  /** The same memory, as what an accumulating batch adds to. */
  private readonly earlier: Values;

  constructor(
    private readonly model: TrainableModel,
    private readonly optimizer: Optimizer,
  ) {
    const gradients = [...model.state.gradients.views];
    this.results = Object.fromEntries(gradients.map(([name, view]) => [gradientName(name), view]));
    this.earlier = Object.fromEntries(gradients.map(([name, view]) => [earlierGradientName(name), view]));
  }

  parameters(): Values {
    return parameterFeeds(this.model);
  }

  gradients(accumulates: boolean): { earlier: Values; results: Values } {
    return { earlier: accumulates ? this.earlier : {}, results: this.results };
  }

  update(options: UpdateOptions): Promise<number> {
    return this.optimizer.update(options);
  }

  async pull(): Promise<void> {
    // The arrays are the memory.
  }

  dispose(): Promise<void> {
    return this.optimizer.dispose();
  }
}
