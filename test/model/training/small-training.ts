import type { WorkContext } from '../../../src/common/progress.js';
import { testEngine as engine } from '../test-engine.js';
import { configuration, data, tokenizer } from './small-data.js';

export { configuration, data, options, tokenizer } from './small-data.js';

/** All that such a training needs but options and a storage. */
export const smallTraining = { engine, data, tokenizer, configuration, pretrained: undefined };

/** Asks to stop after so many training steps. */
export function stopAfter(steps: number): WorkContext {
  let done = 0;
  return {
    onProgress: (event) => {
      if (event.kind === 'progress' && event.label === 'train') done++;
    },
    signal: {
      get aborted() {
        return done >= steps;
      },
    },
  };
}
