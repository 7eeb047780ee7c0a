import type { WorkContext } from '../../common/progress.js';
import { type TrainingInput, type TrainingResult, train } from '../../model/training/training-loop.js';
import { TrainingFiles, type TrainingPaths } from '../stages/training-files.js';

/** All that training needs, and where its files are. */
export interface FinetuneInput extends Omit<TrainingInput, 'storage'>, TrainingPaths {}

/**
 * Trains until the steps are done or validation stops improving, and goes on from the checkpoint folder's saved state
 * where there is one: then the outcome is the same, to the byte, as that of a run that was never stopped.
 * @throws InterruptedError once the state is saved, when the context asks to stop; TitlesmithError on bad files.
 */
export function finetune(input: FinetuneInput, context: WorkContext): Promise<TrainingResult> {
  return train({ ...input, storage: new TrainingFiles(input) }, context);
}
