import { scaleLinear } from 'd3-scale';
import { curveStepAfter, line } from 'd3-shape';
import type { OverfitStatistics } from '../../common/judgement.js';
import { formatDecimal, formatPercent } from '../../common/number-formats.js';
import { type Html, html } from '../../web/html.js';
import type { RatingBin } from '../report-figures.js';
import { chart, type Frame, frames, marker, round } from './chart.js';

/**
 * Histogram of the outputs' closest ratings (bars) and those of the held-out titles (outline), as shares of each.
 */
export function ratingHistogram(
  bins: readonly RatingBin[],
  { outputs, heldOut }: OverfitStatistics,
  threshold: number,
): readonly Html[] {
  const description =
    `Histogram of best ratings from 0 to 1. Outputs: median ${formatDecimal(outputs.median)}, ` +
    `${formatPercent(outputs.copies.share)} copies. Held-out titles: ` +
    `median ${formatDecimal(heldOut.median)}, ${formatPercent(heldOut.copies.share)} copies.`;
  return frames.map((frame) => draw(frame, bins, threshold, description));
}

function draw(frame: Frame, bins: readonly RatingBin[], threshold: number, description: string): Html {
  const outputs = shares(bins.map((bin) => bin.outputs));
  const heldOut = shares(bins.map((bin) => bin.heldOut));
  const floor = frame.height - frame.bottom;
  const x = scaleLinear([0, 1], [frame.left, frame.width - frame.right]);
  const y = scaleLinear([0, Math.max(0.05, ...outputs, ...heldOut)], [floor, frame.top + 10]).nice(5);
  const outline = line<[number, number]>(
    ([rating]) => x(rating),
    ([, share]) => y(share),
  )
    .curve(curveStepAfter)
    .digits(2);
  const steps: [number, number][] = [
    [0, 0],
    ...bins.map((bin, i): [number, number] => [bin.from, heldOut[i]!]),
    [1, heldOut.at(-1)!],
    [1, 0],
  ];
  const axes = {
    x,
    y,
    ticksY: y.ticks(5),
    formatX: (value: number) => x.tickFormat(frame.ticks)(value),
    formatY: (value: number) => y.tickFormat(5, '~%')(value),
    labelX: 'rating of the closest training title',
    labelY: 'share of titles',
  };
  const bars = bins.map((bin, i) => {
    const left = x(bin.from) + 1;
    const top = y(outputs[i]!);
    return html`<rect class="bar outputs" x="${round(left)}" y="${round(top)}"
width="${round(x(bin.to) - 1 - left)}" height="${round(floor - top)}"/>`;
  });
  const content = html`${bars}
<path class="line held-out" d="${outline(steps)}"/>
${marker(frame, x(threshold), `refused from ${formatDecimal(threshold)}`)}`;
  return chart(frame, axes, description, content);
}

function shares(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, value) => sum + value, 0);
  return counts.map((value) => (total === 0 ? 0 : value / total));
}
