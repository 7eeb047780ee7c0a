import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { formatCount, formatDecimal, formatPercent } from '../../common/number-formats.js';
import { type Html, html } from '../../web/html.js';
import type { CurvePoint, ReportFigures } from '../report-figures.js';
import { chart, type Frame, frames, marker, round } from './chart.js';

type Curve = ReportFigures['curve'];

/** Room for the second axis's labels, in SVG user units. */
const roomAtRight = 46;

/**
 * Training and validation loss (nats per token) over steps, with the best step marked; also the share of
 * copies among the samples, if texts were sampled during training.
 */
export function trainingCurveChart(curve: Curve, bestStep: number | undefined): readonly Html[] {
  const description = describe(curve, bestStep);
  return frames.map((frame) => {
    const room = curve.copies.length > 0 ? { ...frame, right: roomAtRight } : frame;
    return draw(room, curve, bestStep, description);
  });
}

function draw(frame: Frame, curve: Curve, bestStep: number | undefined, description: string): Html {
  const { loss, validation, copies } = curve;
  const all = [...loss, ...validation];
  const steps = [...all, ...copies].map((point) => point.step);
  const losses = all.map((point) => point.loss);
  const [floor, ceiling] = [frame.height - frame.bottom, frame.top + 10];
  const x = scaleLinear(
    [Math.min(...steps), Math.max(...steps)],
    [frame.left + 4, frame.width - frame.right - 8],
  );
  const y = scaleLinear([Math.min(...losses), Math.max(...losses)], [floor, ceiling]).nice(5);
  const share = scaleLinear([0, 1], [floor, ceiling]);
  const path = line<CurvePoint>(
    (point) => x(point.step),
    (point) => y(point.loss),
  ).digits(2);
  const copyPath = line<Curve['copies'][number]>(
    (point) => x(point.step),
    (point) => share(point.share),
  ).digits(2);
  const axes = {
    x,
    y,
    formatX: formatCount,
    formatY: (value: number) => y.tickFormat(5)(value),
    labelX: 'training steps',
    labelY: 'loss, nats per token',
    ...(copies.length > 0 ? { right: { y: share, format: share.tickFormat(3, '~%'), label: 'copies' } } : {}),
  };
  const best =
    bestStep === undefined ? null : marker(frame, x(bestStep), `best: step ${formatCount(bestStep)}`);
  const dot = (kind: string, step: number, height: number) =>
    html`<circle class="dot ${kind}" cx="${round(x(step))}" cy="${round(height)}" r="3"/>`;
  const content = html`${best}
<path class="line training" d="${path(loss)}"/>
<path class="line held-out" d="${path(validation)}"/>
${validation.map((point) => dot('held-out', point.step, y(point.loss)))}
<path class="line copies" d="${copyPath(copies)}"/>
${copies.map((point) => dot('copies', point.step, share(point.share)))}`;
  return chart(frame, axes, description, content);
}

function describe({ loss, validation, copies }: Curve, bestStep: number | undefined): string {
  const course = (name: string, points: readonly CurvePoint[]) =>
    points.length === 0
      ? ''
      : `${name} goes from ${formatDecimal(points[0]!.loss)} to ${formatDecimal(points.at(-1)!.loss)}. `;
  const best = bestStep === undefined ? '' : `The best step is ${formatCount(bestStep)}. `;
  const copied =
    copies.length === 0
      ? ''
      : `Copies among the samples go from ${formatPercent(copies[0]!.share)} to ${formatPercent(copies.at(-1)!.share)}.`;
  const losses = `${course('Training loss', loss)}${course('Held-out loss', validation)}`;
  return `Line chart. ${losses}${best}${copied}`.trim();
}
