import { scaleLinear } from 'd3-scale';
import { formatDecimal } from '../../common/number-formats.js';
import type { ScoredTitles, TitleLosses } from '../../common/title-losses.js';
import { type Chart, extentOf, type Frame } from './chart.js';
import { drawHistogram, sharesOf } from './histogram.js';
import { lineOfRun } from './lines-of-runs.js';

/** Losses of single titles under the model, in bits a byte of UTF-8. */
export interface TitleBits {
  readonly heldOut: readonly number[];
  readonly training: readonly number[];
}

/** The axis ends where all but one title in 200 lie below. */
const shownShare = 0.995;
const wantedBins = 24;

export function titleBits({ heldOut, training }: TitleLosses): TitleBits {
  return { heldOut: bitsOf(heldOut), training: bitsOf(training) };
}

const bitsOf = ({ model, bytes }: ScoredTitles): number[] =>
  model.map((nats, index) => nats / Math.LN2 / Math.max(1, bytes[index]!));

/** Histogram of the held-out titles' losses (outline) and of the training titles' (bars), as shares of each. */
export function drawTitleLosses(frame: Frame, { heldOut, training }: TitleBits): Chart {
  const edges = edgesFor([heldOut, training]);
  return drawHistogram(frame, {
    edges,
    bars: { className: 'bar outputs', shares: sharesIn(edges, training) },
    outlines: [{ lines: [{ className: 'line held-out', shares: sharesIn(edges, heldOut) }] }],
    labelX: labelFor(edges, [heldOut, training]),
    description:
      `Histogram of losses of single titles. Training titles: median ${median(training)} bits a byte. ` +
      `Held-out titles: median ${median(heldOut)}.`,
  });
}

/** The held-out titles of several runs as outlines, the training titles of each dotted. */
export function drawTitleLossesOfRuns(
  frame: Frame,
  runs: readonly (TitleBits & { readonly name: string })[],
): Chart {
  const all = runs.flatMap(({ heldOut, training }) => [heldOut, training]);
  const edges = edgesFor(all);
  return drawHistogram(frame, {
    edges,
    outlines: runs.map(({ heldOut, training }, index) => ({
      group: lineOfRun(index),
      lines: [
        { className: 'line dotted', shares: sharesIn(edges, training) },
        { className: 'line', shares: sharesIn(edges, heldOut) },
      ],
    })),
    labelX: labelFor(edges, all),
    description: `Histograms of losses of single titles held out. ${runs
      .map(({ name, heldOut }) => `${name}: median ${median(heldOut)} bits a byte`)
      .join('; ')}.`,
  });
}

/** Round edges of about {@link wantedBins} bins, from 0 on. */
function edgesFor(lists: readonly (readonly number[])[]): readonly number[] {
  const sorted = lists.flat().sort((a, b) => a - b);
  const highest = Math.max(0.1, sorted[Math.floor(shownShare * (sorted.length - 1))] ?? 0);
  return scaleLinear().domain([0, highest]).nice(wantedBins).ticks(wantedBins);
}

/** What lies beyond the axis is counted in the last bin. */
function sharesIn(edges: readonly number[], values: readonly number[]): number[] {
  const counts = new Array<number>(edges.length - 1).fill(0);
  const width = edges[1]! - edges[0]!;
  for (const value of values) counts[Math.min(counts.length - 1, Math.floor(value / width))]!++;
  return sharesOf(counts);
}

function labelFor(edges: readonly number[], lists: readonly (readonly number[])[]): string {
  const [, highest] = extentOf(lists.flat());
  const more = highest > edges.at(-1)! ? '; the last bin has what is above' : '';
  return `loss of a title, bits a byte${more}`;
}

function median(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  return formatDecimal(sorted[Math.floor((sorted.length - 1) / 2)] ?? 0);
}
