import { formatCount, formatDecimal, pluralize } from '../../common/number-formats.js';
import { trainingCurveChart } from '../../report/charts/training-curve.js';
import { byId, element } from '../../web/client/dom.js';
import type { LossCurve, LossPoint, TrainingEnd, TrainingWish } from '../worker-messages.js';
import { announce } from './busy.js';

/** What a person sets for learning, and what is seen of it. */

const steps = byId('steps', HTMLInputElement);
const way = byId('way', HTMLSelectElement);
const seed = byId('train-seed', HTMLInputElement);
const runName = byId('run-name', HTMLInputElement);
const state = byId('learning-state', HTMLElement);
const bar = byId('learning-bar', HTMLProgressElement);
const figure = byId('curve', HTMLElement);
const samples = byId('learning-samples', HTMLElement);

/** Rank of the adapters that the page offers. */
const adapterRank = 8;
/** The chart is drawn anew this often at most. */
const drawMs = 400;
/** Texts of a sample that are shown. */
const shownSamples = 6;

/** What the settings say; undefined where a number is out of its bounds, which the browser then shows. */
export function readTrainingWish(): TrainingWish | undefined {
  for (const input of [steps, seed]) {
    if (input.checkValidity()) continue;
    byId('learn-settings', HTMLDetailsElement).open = true;
    input.reportValidity();
    return undefined;
  }
  return {
    name: runName.value.trim() === '' ? undefined : runName.value,
    steps: steps.value === '' ? undefined : steps.valueAsNumber,
    loraRank: way.value === 'adapters' ? adapterRank : undefined,
    seed: seed.value === '' ? 0 : seed.valueAsNumber,
  };
}

/** The course of one training. */
export class LearningView {
  private training: LossPoint[] = [];
  private heldOut: LossPoint[] = [];
  private bestStep: number | undefined;
  private drawing = 0;
  private announced = 0;

  /** Forgets the last training, and shows that of `curve`. */
  begin(line: string, curve: LossCurve = { training: [], heldOut: [] }, bestStep?: number): void {
    this.training = [...curve.training];
    this.heldOut = [...curve.heldOut];
    this.bestStep = bestStep;
    this.announced = 0;
    byId('learning', HTMLElement).hidden = line === '';
    samples.hidden = true;
    state.textContent = line;
    bar.removeAttribute('value');
    bar.hidden = bestStep !== undefined;
    this.draw();
  }

  /** @param total undefined while it is not known. */
  progress(line: string, done: number, total: number | undefined): void {
    state.textContent = line;
    if (total === undefined || total === 0) bar.removeAttribute('value');
    else bar.value = done / total;
    // A screen reader hears of every fourth part, not of every step.
    const part = total ? Math.floor((4 * done) / total) : 0;
    if (part <= this.announced) return;
    this.announced = part;
    announce(line);
  }

  loss(point: LossPoint): void {
    this.training.push(point);
    this.drawSoon();
  }

  heldOutLoss(point: LossPoint): void {
    this.heldOut.push(point);
    this.drawSoon();
  }

  sample(step: number, texts: readonly string[]): void {
    samples.hidden = texts.length === 0;
    byId('sample-list', HTMLElement).replaceChildren(
      ...texts.slice(0, shownSamples).map((text) => element('li', '', element('bdi', 'title', text))),
    );
    samples.querySelector('h3')!.textContent =
      `What it writes meanwhile, after ${pluralize(step, 'step')} (a test, not yet compared)`;
  }

  end({ steps: made, passes, bestStep, initialLoss, bestLoss, seconds }: TrainingEnd): void {
    this.bestStep = bestStep;
    bar.hidden = true;
    const [before, after] = [bits(initialLoss), bits(bestLoss)];
    const less = before === after ? 'hardly less now' : `less now: ${after}, where it was ${before} before`;
    const gained =
      bestStep === 0
        ? 'It did not get better at the titles held back, so the model is kept as it came: give it more titles.'
        : `The titles held back surprise it ${less}. It was best after step ${formatCount(bestStep)}, and is kept as it was then.`;
    state.textContent = `Learned in ${inMinutes(seconds)}, tests included: ${pluralize(made, 'step')}${readings(passes)}. ${gained}`;
    announce(state.textContent);
    this.draw();
  }

  stopped(line: string): void {
    bar.hidden = true;
    state.textContent = line;
    announce(line);
  }

  private drawSoon(): void {
    if (this.drawing !== 0) return;
    this.drawing = window.setTimeout(() => this.draw(), drawMs);
  }

  private draw(): void {
    clearTimeout(this.drawing);
    this.drawing = 0;
    figure.hidden = this.training.length + this.heldOut.length < 2;
    if (figure.hidden) return;
    const curve = { loss: this.training, validation: this.heldOut, copies: [], tokensPerByte: null };
    // Markup of numbers alone, made by the code that draws the report.
    byId('curve-chart', HTMLElement).innerHTML = trainingCurveChart(curve, this.bestStep, axes)
      .map(({ markup }) => markup)
      .join('');
  }
}

const axes = { steps: 'steps', losses: () => 'how much it is surprised' };

/** How often the titles were read in the steps that were made. */
function readings(passes: number): string {
  if (passes < 0.9) return `, in which it read about ${Math.round(100 * passes)} % of your titles`;
  const whole = Math.round(passes);
  return `, in which it read each of your titles about ${whole === 1 ? 'once' : `${formatCount(whole)} times`}`;
}

/** As the chart counts. */
const bits = (loss: number): string => formatDecimal(loss / Math.LN2);

/** `40 seconds`, `3 minutes`. */
export function inMinutes(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} seconds`;
  return `${formatCount(Math.round(seconds / 60))} minutes`;
}
