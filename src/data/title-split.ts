import { sha256 } from '../common/sha256.js';
import {
  type ArgumentRules,
  checkArgument,
  checkArguments,
  isTexts,
  required,
} from '../options/call-arguments.js';
import { titleOptions } from '../options/table/titles.js';

export interface SplitTitles {
  readonly train: readonly string[];
  readonly validation: readonly string[];
}

export interface SplitOptions {
  /** Share of the titles held out of training, between 0 and 1. */
  readonly validationShare?: number;
}

const splitArguments: ArgumentRules = {
  validationShare: {
    accepts: (value) => typeof value === 'number' && value > 0 && value < 1,
    fault: 'is not between 0 and 1',
  },
};

/** A place in [0, 1) that depends on the title alone: the first 48 bits of its SHA-256, big-endian. */
export function placeOf(title: string): number {
  const digest = sha256(title);
  const view = new DataView(digest.buffer, digest.byteOffset);
  return (view.getUint32(0) * 2 ** 16 + view.getUint16(4)) / 2 ** 48;
}

/**
 * Decides which titles are held out: those whose place is below the share, so that a title stays on its side when others
 * come or go. Of two or more different titles at least one is on each side: the lowest is always held out, the highest
 * never.
 */
export class TitleSplit {
  private readonly validationShare: number;
  private lowest = 1;
  private highest = 0;

  /** @throws TitlesmithError `usage` when an option is unknown, or the share is not between 0 and 1. */
  constructor(options: SplitOptions = {}) {
    const checked = checkArguments('splitTitles', options, splitArguments);
    this.validationShare = checked.validationShare ?? titleOptions.validationShare.default;
  }

  /** Adds the place of a title. All must be added before the first {@link isHeldOut}. */
  add(place: number): void {
    this.lowest = Math.min(this.lowest, place);
    this.highest = Math.max(this.highest, place);
  }

  isHeldOut(place: number): boolean {
    if (this.lowest >= this.highest) return false;
    return place === this.lowest || (place < this.validationShare && place !== this.highest);
  }
}

/**
 * Holds out about `validationShare` of the titles by their hash, as {@link TitleSplit} says. Keeps the order given.
 * @throws TitlesmithError `usage` when an option is unknown, or the share is not between 0 and 1.
 */
export function splitTitles(titles: readonly string[], options: SplitOptions = {}): SplitTitles {
  checkArgument('splitTitles', 'titles', titles, required(isTexts));
  const split = new TitleSplit(options);
  const places = titles.map(placeOf);
  for (const place of places) split.add(place);
  const heldOut = places.map((place) => split.isHeldOut(place));
  return {
    train: titles.filter((_, index) => !heldOut[index]),
    validation: titles.filter((_, index) => heldOut[index]),
  };
}
