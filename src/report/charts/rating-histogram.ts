import type { RatingSummary } from '../../common/judgement.js';
import { formatDecimal, formatPercent } from '../../common/number-formats.js';
import type { Html } from '../../web/html.js';
import type { RatingBin } from '../report-figures.js';
import { type Chart, type Frame, frames, ofPage } from './chart.js';
import { drawHistogram, sharesOf } from './histogram.js';
import { lineOfRun } from './lines-of-runs.js';

/** What is said of the ratings of a kind of texts. */
type Said = Pick<RatingSummary, 'median' | 'copies'>;

/** The closest ratings of outputs and held-out titles. */
export interface RatingDistribution {
  readonly bins: readonly RatingBin[];
  readonly outputs: Said;
  readonly heldOut: Said;
  /** Rating from which an output is refused. */
  readonly threshold: number;
}

const labelX = 'rating of the closest training title';

/**
 * Histogram of the outputs' closest ratings (bars) and those of the held-out titles (outline), as shares of each.
 */
export function ratingHistogram(ratings: RatingDistribution): readonly Html[] {
  return frames.map((frame) => ofPage(drawRatings(frame, ratings)));
}

/** That chart in one frame. */
export function drawRatings(frame: Frame, { bins, outputs, heldOut, threshold }: RatingDistribution): Chart {
  return drawHistogram(frame, {
    edges: edgesOf(bins),
    bars: { className: 'bar outputs', shares: sharesOf(bins.map((bin) => bin.outputs)) },
    outlines: [{ lines: [{ className: 'line held-out', shares: sharesOf(bins.map((bin) => bin.heldOut)) }] }],
    labelX,
    marker: { at: threshold, label: `refused from ${formatDecimal(threshold)}` },
    description:
      `Histogram of best ratings from 0 to 1. Outputs: ${inWords(outputs)}. ` +
      `Held-out titles: ${inWords(heldOut)}.`,
  });
}

/** The outputs of several runs as outlines, the held-out titles of each dotted. @param runs one at least. */
export function drawRatingsOfRuns(
  frame: Frame,
  runs: readonly (RatingDistribution & { readonly name: string })[],
): Chart {
  return drawHistogram(frame, {
    edges: edgesOf(runs[0]!.bins),
    outlines: runs.map(({ bins }, index) => ({
      group: lineOfRun(index),
      lines: [
        { className: 'line dotted', shares: sharesOf(bins.map((bin) => bin.heldOut)) },
        { className: 'line', shares: sharesOf(bins.map((bin) => bin.outputs)) },
      ],
    })),
    labelX,
    description: `Histograms of best ratings from 0 to 1. Outputs: ${runs
      .map(({ name, outputs }) => `${name}, ${inWords(outputs)}`)
      .join('; ')}.`,
  });
}

const inWords = ({ median, copies }: Said): string =>
  `median ${formatDecimal(median)}, ${formatPercent(copies.share)} copies`;

const edgesOf = (bins: readonly RatingBin[]): number[] => [
  ...bins.map(({ from }) => from),
  bins.at(-1)?.to ?? 1,
];
