import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import type { CurvePoint } from '../contract.js';
import { type Html, html } from '../html.js';
import { count, decimal } from '../words.js';
import { chart, type Frame, frames, marker, round } from './frame.js';

/** Training and validation loss (nats per token) over steps, with the best step marked. */
export function trainingCurve(
  loss: readonly CurvePoint[],
  validation: readonly CurvePoint[],
  bestStep: number | undefined,
): readonly Html[] {
  const description = describe(loss, validation, bestStep);
  return frames.map((frame) => draw(frame, loss, validation, bestStep, description));
}

function draw(
  frame: Frame,
  loss: readonly CurvePoint[],
  validation: readonly CurvePoint[],
  bestStep: number | undefined,
  description: string,
): Html {
  const all = [...loss, ...validation];
  const x = scaleLinear(
    [Math.min(...all.map((point) => point.step)), Math.max(...all.map((point) => point.step))],
    [frame.left + 4, frame.width - frame.right - 8],
  );
  const lowest = Math.min(...all.map((point) => point.loss));
  const highest = Math.max(...all.map((point) => point.loss));
  const y = scaleLinear([lowest, highest], [frame.height - frame.bottom, frame.top + 10]).nice(5);
  const path = line<CurvePoint>(
    (point) => x(point.step),
    (point) => y(point.loss),
  ).digits(2);
  const axes = {
    x,
    y,
    formatX: count,
    formatY: (value: number) => y.tickFormat(5)(value),
    labelX: 'training steps',
    labelY: 'loss, nats per token',
  };
  const best = bestStep === undefined ? null : marker(frame, x(bestStep), `best: step ${count(bestStep)}`);
  const dot = ({ step, loss: value }: CurvePoint) =>
    html`<circle class="dot held-out" cx="${round(x(step))}" cy="${round(y(value))}" r="3"/>`;
  const content = html`${best}
<path class="line training" d="${path(loss)}"/>
<path class="line held-out" d="${path(validation)}"/>
${validation.map(dot)}`;
  return chart(frame, axes, description, content);
}

function describe(
  loss: readonly CurvePoint[],
  validation: readonly CurvePoint[],
  bestStep: number | undefined,
): string {
  const course = (name: string, points: readonly CurvePoint[]) =>
    points.length === 0
      ? ''
      : `${name} goes from ${decimal(points[0]!.loss)} to ${decimal(points.at(-1)!.loss)}. `;
  const best = bestStep === undefined ? '' : `The best step is ${count(bestStep)}.`;
  return `Line chart. ${course('Training loss', loss)}${course('Held-out loss', validation)}${best}`.trim();
}
