import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import type { Share } from '../../common/judgement.js';
import { formatPercent } from '../../common/number-formats.js';
import { type Html, html } from '../../web/html.js';
import type { ReportFigures, SampledCopies } from '../report-figures.js';
import {
  type Chart,
  chart,
  extentOf,
  type Frame,
  formatStep,
  frames,
  marker,
  ofPage,
  round,
} from './chart.js';
import { stepRange } from './training-curve.js';

/** Heights of a chart that stands below another of the same width. */
const heights = { wide: 190, narrow: 180 } as const;

/** The vertical axis shows at least this share. */
const leastShown = 0.1;

interface CopiesCurve {
  readonly copies: readonly SampledCopies[];
  /** Of the held-out titles; undefined where no judgement has rated them. */
  readonly heldOut: Share | undefined;
  readonly range: readonly [number, number];
  readonly bestStep: number | undefined;
}

/**
 * The share of copies among the texts sampled during training, each with its 95% interval, beside the interval of the held-out
 * titles' share. Its steps are those of the chart of losses.
 */
export function copiesCurveChart({ curve, overfit, training }: ReportFigures): readonly Html[] {
  const { copies } = curve;
  const heldOut = overfit.heldOut.copies;
  const shown = { copies, heldOut, range: stepRange(curve), bestStep: training?.bestStep };
  return frames.map((frame) => ofPage(drawCopiesCurve({ ...frame, height: heights[frame.name] }, shown)));
}

/** That chart in one frame. @param copies one sample at least. */
export function drawCopiesCurve(frame: Frame, { copies, heldOut, range, bestStep }: CopiesCurve): Chart {
  const description =
    `Copies among the samples go from ${formatPercent(copies[0]!.share)} to ${formatPercent(copies.at(-1)!.share)}.` +
    (heldOut ? ` Of the held-out titles ${formatPercent(heldOut.share)} would be called copies.` : '');
  const [, most] = extentOf(copies.map(({ share, high }) => high ?? share));
  const highest = Math.max(leastShown, heldOut?.high ?? 0, most);
  const [floor, ceiling] = [frame.height - frame.bottom, frame.top + 10];
  const x = scaleLinear(range, [frame.left + 4, frame.width - frame.right - 8]);
  const y = scaleLinear([0, Math.min(1, highest)], [floor, ceiling]).nice(4);
  const path = line<SampledCopies>(
    ({ step }) => x(step),
    ({ share }) => y(share),
  ).digits(2);
  const axes = {
    x,
    y,
    ticksY: y.ticks(4),
    formatX: formatStep,
    formatY: y.tickFormat(4, '~%'),
    labelX: 'training steps',
    labelY: 'copies among the samples',
  };
  const [left, right] = [frame.left, frame.width - frame.right];
  const usual =
    heldOut &&
    html`<rect class="band held-out" x="${left}" y="${round(y(heldOut.high))}" width="${right - left}"
height="${round(y(heldOut.low) - y(heldOut.high))}"/>
<path class="level held-out" d="M${left} ${round(y(heldOut.share))}H${right}"/>`;
  const content = html`${usual}
${bestStep === undefined ? null : marker(frame, x(bestStep))}
<path class="line copies" d="${path(copies)}"/>
${copies.map((point) => whisker(point, x, y))}`;
  return chart(frame, axes, description, content);
}

/** A point, and its interval as a line with ends. */
function whisker(
  { step, share, low, high }: SampledCopies,
  x: (step: number) => number,
  y: (share: number) => number,
): Html {
  const [at, height] = [round(x(step)), round(y(share))];
  const interval =
    low === null || high === null
      ? null
      : html`<path class="whisker" d="M${round(at - 4)} ${round(y(high))}h8M${at} ${round(y(high))}V${round(y(low))}M${round(at - 4)} ${round(y(low))}h8"/>`;
  return html`${interval}<circle class="dot copies" cx="${at}" cy="${height}" r="3"/>`;
}
