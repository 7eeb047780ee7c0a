import type { MixedPrecision } from '../../options/choices.js';
import type { DecidedValuesOf } from '../../options/option-row.js';
import type { trainingOptions } from '../../options/table/training.js';

/** Options of training: those of the option table, `auto` resolved, and some more. */
export interface TrainingOptions
  extends Omit<DecidedValuesOf<typeof trainingOptions>, 'patience' | 'mixedPrecision'> {
  readonly mixedPrecision: MixedPrecision;
  readonly seed: number;
  /** Least number of steps if `steps` is undefined: a small corpus gets more epochs. */
  readonly minimumSteps: number;
  /** Most epochs that `minimumSteps` leads to; undefined: any number. */
  readonly minimumStepsEpochs?: number | undefined;
  /** Evaluations without improvement after which training stops; undefined: never. */
  readonly patience: number | undefined;
}
