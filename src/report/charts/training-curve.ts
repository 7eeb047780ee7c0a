import { scaleLinear, scaleLog } from 'd3-scale';
import { area, line } from 'd3-shape';
import { formatCount, formatDecimal } from '../../common/number-formats.js';
import { type Html, html } from '../../web/html.js';
import type { CurvePoint, ReportFigures } from '../report-figures.js';
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

type Curve = ReportFigures['curve'];

/** What the axes are called. */
interface AxisNames {
  readonly steps: string;
  /** @param unit `bits a token` or `bits a byte`. */
  readonly losses: (unit: string) => string;
}

const termsOfTraining: AxisNames = {
  steps: 'training steps',
  losses: (unit) => `loss, ${unit}, logarithmic`,
};

/** A logarithmic axis shows no more than this ratio: one loss of nearly 0 would press all others together. */
const largestRatio = 1000;
/** In bits: where all losses are smaller, the axis ends here. */
const smallestLoss = 1e-6;

/** Losses in bits: a byte of UTF-8 where the run knows bytes, else a token. */
interface LossesInBits {
  readonly unit: 'bits a byte' | 'bits a token';
  readonly training: readonly CurvePoint[];
  readonly heldOut: readonly CurvePoint[];
}

export function lossesInBits({ loss, validation, tokensPerByte }: Curve): LossesInBits {
  const inBits = (points: readonly CurvePoint[], perByte = 1): CurvePoint[] =>
    points
      .map((point) => ({ step: point.step, loss: (point.loss / Math.LN2) * perByte }))
      .filter(({ loss }) => Number.isFinite(loss));
  return {
    unit: tokensPerByte === null ? 'bits a token' : 'bits a byte',
    training: inBits(loss, tokensPerByte?.training),
    heldOut: inBits(validation, tokensPerByte?.heldOut),
  };
}

/** The steps that both charts of a training show. */
export function stepRange({ loss, validation, copies }: Curve): [number, number] {
  return extentOf([...loss, ...validation, ...copies].map(({ step }) => step));
}

/**
 * Training and held-out loss over steps, from before the first step on, with the gap between them and the step that was kept.
 * The axis is logarithmic, so that a gap of some percent is as high wherever it is.
 */
export function trainingCurveChart(
  curve: Curve,
  bestStep: number | undefined,
  names = termsOfTraining,
): readonly Html[] {
  return frames.map((frame) => ofPage(drawTrainingCurve(frame, curve, bestStep, names)));
}

/** That chart in one frame. */
export function drawTrainingCurve(
  frame: Frame,
  curve: Curve,
  bestStep: number | undefined,
  names = termsOfTraining,
): Chart {
  const losses = lossesInBits(curve);
  const { unit, training, heldOut } = losses;
  const [least, greatest] = extentOf([...training, ...heldOut].map(({ loss }) => loss));
  const highest = Math.max(greatest, smallestLoss);
  const lowest = Math.min(highest * 0.9, Math.max(least, highest / largestRatio));
  const x = scaleLinear(stepRange(curve), [frame.left + 4, frame.width - frame.right - 8]);
  const y = scaleLog([lowest, highest], [frame.height - frame.bottom - 6, frame.top + 10]).clamp(true);
  const path = line<CurvePoint>(
    (point) => x(point.step),
    (point) => y(point.loss),
  ).digits(2);
  const axes = {
    x,
    y,
    ticksY: logarithmicTicks(lowest, highest),
    formatX: formatStep,
    formatY: tickFormat(logarithmicTicks(lowest, highest)),
    labelX: names.steps,
    labelY: names.losses(unit),
  };
  const content = html`<path class="gap" d="${gapPath(training, heldOut, x, y)}"/>
${bestStep === undefined ? null : marker(frame, x(bestStep), `kept: step ${formatCount(bestStep)}`)}
<path class="line training" d="${path(training)}"/>
<path class="line held-out" d="${path(heldOut)}"/>
${heldOut.map(
  ({ step, loss }) =>
    html`<circle class="dot held-out" cx="${round(x(step))}" cy="${round(y(loss))}" r="3"/>`,
)}`;
  return chart(frame, axes, describe(losses, bestStep), content);
}

/** Where the held-out loss lies above the training loss, the area between the lines. */
function gapPath(
  training: readonly CurvePoint[],
  heldOut: readonly CurvePoint[],
  x: (step: number) => number,
  y: (loss: number) => number,
): string | null {
  const heightAt = (step: number): number | undefined => {
    const next = heldOut.findIndex((point) => point.step >= step);
    if (next < 0) return undefined;
    const to = heldOut[next]!;
    const from = heldOut[next - 1] ?? to;
    const part = to.step === from.step ? 1 : (step - from.step) / (to.step - from.step);
    return y(from.loss) + part * (y(to.loss) - y(from.loss));
  };
  const spans = training.flatMap(({ step, loss }) => {
    const above = heightAt(step);
    return above === undefined ? [] : [{ step, below: y(loss), above: Math.min(above, y(loss)) }];
  });
  return area<(typeof spans)[number]>(
    ({ step }) => x(step),
    ({ below }) => below,
    ({ above }) => above,
  ).digits(2)(spans);
}

/** As few digits, two at least, as tell all ticks apart. */
function tickFormat(ticks: readonly number[]): (value: number) => string {
  const shown = (digits: number) => ticks.map((tick) => Number(tick.toPrecision(digits)));
  const digits = [2, 3, 4].find((count) => new Set(shown(count)).size === ticks.length) ?? 5;
  return (value) => String(Number(value.toPrecision(digits)));
}

/** Round values from lowest to highest, at most about six, dense enough for a small range too. */
function logarithmicTicks(lowest: number, highest: number): number[] {
  const decades = [-4, -3, -2, -1, 0, 1, 2];
  for (const leading of [
    [1],
    [1, 3],
    [1, 2, 5],
    [1, 1.5, 2, 3, 5, 7],
    [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9],
  ]) {
    const ticks = decades
      .flatMap((decade) => leading.map((value) => value * 10 ** decade))
      .filter((value) => value >= lowest && value <= highest);
    if (ticks.length >= 4) return ticks;
  }
  return scaleLinear([lowest, highest], [0, 1]).ticks(5);
}

function describe({ unit, training, heldOut }: LossesInBits, bestStep: number | undefined): string {
  const course = (name: string, points: readonly CurvePoint[]) =>
    points.length === 0
      ? ''
      : `${name} goes from ${formatDecimal(points[0]!.loss)} to ${formatDecimal(points.at(-1)!.loss)} ${unit}. `;
  const best = bestStep === undefined ? '' : `Kept was step ${formatCount(bestStep)}.`;
  return `Line chart. ${course('Training loss', training)}${course('Held-out loss', heldOut)}${best}`.trim();
}
