import { titleOptions } from '../options/table/titles.js';

/** How many titles are enough, by what is held back of them. */

/** Numbers of titles are told in whole fifties: they are guesses. */
const unit = 50;

/** Of as many numbers as chance gives, all but one in twenty lie no further below the middle than this many standard deviations. */
const deviations = 1.645;

/**
 * Titles of which a wanted number is held back, whatever their hashes say, in nineteen of twenty lists; rounded up, so that a person who is told
 * the number and gives as many is not told another.
 */
export function titlesFor(heldOut: number): number {
  const share = titleOptions.validationShare.default;
  // mean - deviations * sqrt(mean * (1 - share)) = heldOut, solved for the mean.
  const spread = deviations * Math.sqrt(1 - share);
  const root = (spread + Math.sqrt(spread * spread + 4 * heldOut)) / 2;
  return Math.ceil((root * root) / share / unit) * unit;
}
