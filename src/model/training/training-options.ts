import type { DecidedValuesOf } from '../../options/option-row.js';
import type { trainingOptions } from '../../options/table/training.js';

/** What is asked of training: the options that the table has for it, once decided, and two things more. */
export interface TrainingOptions extends Omit<DecidedValuesOf<typeof trainingOptions>, 'patience'> {
  readonly seed: number;
  /** At least so many steps where `steps` is undefined: a small corpus is passed over more often. */
  readonly minimumSteps: number;
  /** Evaluations without a better validation loss after which training stops; undefined: never. */
  readonly patience: number | undefined;
}
