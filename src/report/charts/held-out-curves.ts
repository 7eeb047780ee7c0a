import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { formatCount, formatDecimal } from '../../common/number-formats.js';
import { type Html, html, visible } from '../../web/html.js';
import type { ComparedRun } from '../comparison/comparison.js';
import type { CurvePoint } from '../report-figures.js';
import { chart, type Frame, frames, round } from './chart.js';

/** Runs that have a colour of their own; those after them begin again, with dashes. */
const colours = 6;

/** The class of a run's line: colour, and dashes beyond the first six. */
const lineOf = (index: number): string => `run-${index % colours}${index >= colours ? ' dashed' : ''}`;

/** The held-out losses of several runs over steps, all in one unit, a dot where weights were kept; undefined: none was measured. */
export function heldOutCurves(runs: readonly ComparedRun[]): readonly Html[] | undefined {
  const points = runs.flatMap(({ heldOut }) => heldOut).filter(({ loss }) => Number.isFinite(loss));
  if (points.length === 0) return undefined;
  return frames.map((frame) => draw(frame, runs, points));
}

function draw(frame: Frame, runs: readonly ComparedRun[], points: readonly CurvePoint[]): Html {
  let [last, lowest, highest] = [1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { step, loss } of points) {
    last = Math.max(last, step);
    [lowest, highest] = [Math.min(lowest, loss), Math.max(highest, loss)];
  }
  const room = Math.max(0.02 * highest, 0.05 * (highest - lowest));
  const x = scaleLinear([0, last], [frame.left + 4, frame.width - frame.right - 8]);
  const y = scaleLinear(
    [Math.max(0, lowest - room), highest + room],
    [frame.height - frame.bottom - 6, frame.top + 10],
  );
  const path = line<CurvePoint>(
    (point) => x(point.step),
    (point) => y(point.loss),
  )
    .defined(({ loss }) => Number.isFinite(loss))
    .digits(2);
  const axes = {
    x,
    y,
    ticksY: y.ticks(5),
    // A training of few steps has ticks between them.
    formatX: (step: number) => (Number.isInteger(step) ? formatCount(step) : ''),
    formatY: y.tickFormat(5),
    labelX: 'training steps',
    labelY: `held-out loss, ${runs[0]!.unit}`,
  };
  const content = runs.map(({ heldOut, bestStep }, index) => {
    const kept = heldOut.find(({ step }) => step === bestStep);
    const dot =
      kept && html`<circle class="dot" cx="${round(x(kept.step))}" cy="${round(y(kept.loss))}" r="4"/>`;
    return html`<g class="${lineOf(index)}"><path class="line" d="${path(heldOut)}"/>${dot ?? null}</g>
`;
  });
  return chart(frame, axes, describe(runs), html`${content}`);
}

function describe(runs: readonly ComparedRun[]): string {
  const courses = runs.flatMap(({ name, heldOut, unit }) => {
    const [first, last] = [heldOut[0], heldOut.at(-1)];
    if (!first || !last) return [];
    return [
      `${name} goes from ${formatDecimal(first.loss)} to ${formatDecimal(last.loss)} ${unit} in ${formatCount(last.step)} steps`,
    ];
  });
  return `Line chart of held-out losses. ${courses.join('; ')}.`;
}

/** What belongs to which line. */
export function legendOf(runs: readonly ComparedRun[]): Html {
  return html`<p class="legend">${runs.map(
    ({ name }, index) => html`<span class="key ${lineOf(index)}"><bdi>${visible(name)}</bdi></span> `,
  )}</p>`;
}
