import { usageError } from '../common/errors.js';
import type { Decision } from './manifest.js';
import { flagOf } from './options.js';

/** The published sizes of GPT-2, by gpt-2-simple's names. */
const pretrainedModels = ['124M', '355M', '774M', '1558M'];

/**
 * The model a run trains, and why.
 * @throws TitlesmithError (exit code 2) for a model this version cannot train; a model given by name never becomes another.
 */
export function decideModel(model: string): Decision {
  const notYet = 'pretrained GPT-2 weights are not supported by this version yet';
  if (model === 'nano') return { choice: 'nano', reason: `named with ${flagOf('model')}` };
  if (model === 'auto') {
    return { choice: 'nano', reason: `a small GPT-2 trained from scratch, as ${notYet}` };
  }
  if (pretrainedModels.includes(model)) {
    throw usageError(`--model ${model} cannot be used: ${notYet}.`, 'Use --model nano.');
  }
  throw usageError(
    `--model got ${JSON.stringify(model)}, which is no model this version knows.`,
    'Use auto or nano.',
  );
}
