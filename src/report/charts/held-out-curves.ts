import { type ScaleLinear, scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { formatCount, formatDecimal } from '../../common/number-formats.js';
import { type Html, html, visible } from '../../web/html.js';
import type { ComparedRun } from '../comparison/comparison.js';
import type { CurvePoint } from '../report-figures.js';
import { type Chart, chart, type Frame, formatStep, frames, ofPage, round } from './chart.js';
import { drawLinesOfRuns, lineOfRun, mostRunsTogether } from './lines-of-runs.js';

/** A run, as far as its held-out losses are drawn. */
type RunWithLosses = Pick<ComparedRun, 'name' | 'heldOut' | 'unit' | 'bestStep'>;

/** Of several on a page, with the same axes. */
const panelFrame: Frame = {
  name: 'panel',
  width: 240,
  height: 150,
  left: 40,
  right: 8,
  top: 4,
  bottom: 26,
  ticks: 3,
};

/**
 * The held-out losses of several runs over steps, all in one unit, a dot where weights were kept: up to twelve in one chart,
 * more in a panel each; undefined: none was measured.
 */
export function heldOutCurves(runs: readonly ComparedRun[]): Html | undefined {
  const points = runs.flatMap(({ heldOut }) => heldOut).filter(({ loss }) => Number.isFinite(loss));
  if (points.length === 0) return undefined;
  // More have no line of their own looks.
  if (runs.length > mostRunsTogether) return panels(runs, rangeOf(points));
  return html`<figure>${legendOf(runs)}
${frames.map((frame) => ofPage(drawHeldOutCurves(frame, runs)))}</figure>`;
}

/** What the axes show. */
interface Range {
  readonly steps: readonly [number, number];
  readonly losses: readonly [number, number];
}

function rangeOf(points: readonly CurvePoint[]): Range {
  let [last, lowest, highest] = [1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { step, loss } of points) {
    last = Math.max(last, step);
    [lowest, highest] = [Math.min(lowest, loss), Math.max(highest, loss)];
  }
  const room = Math.max(0.02 * highest, 0.05 * (highest - lowest));
  return { steps: [0, last], losses: [Math.max(0, lowest - room), highest + room] };
}

interface Scales {
  readonly x: ScaleLinear<number, number>;
  readonly y: ScaleLinear<number, number>;
}

function scalesOf(frame: Frame, { steps, losses }: Range): Scales {
  return {
    x: scaleLinear(steps, [frame.left + 4, frame.width - frame.right - 8]),
    y: scaleLinear(losses, [frame.height - frame.bottom - 6, frame.top + 10]),
  };
}

function axesOf({ x, y }: Scales) {
  return {
    x,
    y,
    ticksY: y.ticks(3),
    formatX: formatStep,
    formatY: y.tickFormat(3),
  };
}

function pathOf(points: readonly CurvePoint[], { x, y }: Scales): string | null {
  const path = line<CurvePoint>(
    (point) => x(point.step),
    (point) => y(point.loss),
  );
  return path.defined(({ loss }) => Number.isFinite(loss)).digits(2)(points);
}

function curve({ heldOut, bestStep }: ComparedRun, scales: Scales, looks: string): Html {
  const kept = heldOut.find(({ step, loss }) => step === bestStep && Number.isFinite(loss));
  const dot =
    kept &&
    html`<circle class="dot" cx="${round(scales.x(kept.step))}" cy="${round(scales.y(kept.loss))}" r="4"/>`;
  return html`<g class="${looks}"><path class="line" d="${pathOf(heldOut, scales)}"/>${dot ?? null}</g>
`;
}

/** Them in one chart. @param runs of which one at least has a finite loss. */
export function drawHeldOutCurves(frame: Frame, runs: readonly RunWithLosses[]): Chart {
  const lines = runs.map(({ heldOut, bestStep }) => ({
    points: heldOut.map(({ step, loss }) => ({ step, value: loss })),
    keptStep: bestStep,
  }));
  const courses = runs.map(courseOf).filter((course) => course !== '');
  return drawLinesOfRuns(frame, lines, {
    labelY: `held-out loss, ${runs[0]!.unit}`,
    description: `Line chart of held-out losses. ${courses.join('; ')}.`,
  });
}

/** A panel a run, in which the others are grey. */
function panels(runs: readonly ComparedRun[], range: Range): Html {
  const scales = scalesOf(panelFrame, range);
  const labels = { labelX: '', labelY: '' };
  const drawn = runs.filter(({ heldOut }) => heldOut.length > 0);
  // Drawn once and shown in every panel, so that the page does not grow with the square of the runs.
  const all = html`<svg class="definitions" width="0" height="0" aria-hidden="true"><defs><g id="all-curves">
${drawn.map(({ heldOut }) => html`<path class="other" d="${pathOf(heldOut, scales)}"/>`)}</g></defs></svg>`;
  return html`<p>A panel a run, all with the same axes: training steps to the right, held-out loss in ${runs[0]!.unit} upwards. Grey: the
other runs.</p>
${all}
<div class="panels">
${drawn.map((run) => {
  const content = html`<use href="#all-curves"/>${curve(run, scales, 'run-0')}`;
  const description = `Line chart of held-out losses. ${courseOf(run)}.`;
  return html`<figure><figcaption><bdi>${visible(run.name)}</bdi></figcaption>
${ofPage(chart(panelFrame, { ...axesOf(scales), ...labels }, description, content))}</figure>
`;
})}</div>`;
}

/** Where a run's losses begin and end, in words; empty where none was measured. */
function courseOf({ name, heldOut, unit }: RunWithLosses): string {
  const [first, last] = [heldOut[0], heldOut.at(-1)];
  if (!first || !last) return '';
  return `${visible(name)} goes from ${formatDecimal(first.loss)} to ${formatDecimal(last.loss)} ${unit} in ${formatCount(last.step)} steps`;
}

/**
 * Why the losses of runs cannot be drawn over each other; undefined where they can.
 * @param sameTokens whether all have the same tokens; null: that is not recorded.
 */
export function whyNotTogether(
  runs: readonly RunWithLosses[],
  sameTokens: boolean | null,
): string | undefined {
  const trained = runs.filter(({ heldOut }) => heldOut.length > 0);
  const units = new Set(trained.map(({ unit }) => unit));
  if (units.size > 1) return 'the losses of some are in bits a byte, those of others in bits a token';
  if (units.has('bits a token') && trained.length > 1 && sameTokens !== true)
    return 'their losses are a token, and their tokens are not known to be the same';
  return undefined;
}

/** What belongs to which line. */
function legendOf(runs: readonly ComparedRun[]): Html {
  return html`<p class="legend">${runs.map(
    ({ name }, index) => html`<span class="key ${lineOfRun(index)}"><bdi>${visible(name)}</bdi></span> `,
  )}</p>`;
}
