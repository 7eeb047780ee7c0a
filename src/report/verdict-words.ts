import type { OverfitVerdict } from '../common/judgement.js';

/** What each verdict says of the model. The report's headline, the page of a batch and the terminal say it in the same words. */
export const verdictWords: Readonly<Record<OverfitVerdict, string>> = {
  underfits: 'has learned too little',
  healthy: 'writes titles of its own',
  leans: 'leans on its training titles',
  overfits: 'recites its training titles',
  unknown: 'not enough to tell',
};
