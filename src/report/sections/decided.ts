import { formatCount, formatPercent } from '../../common/number-formats.js';
import { type Html, html, visible } from '../../web/html.js';
import type { ReportFigures } from '../report-figures.js';

interface Fact {
  readonly name: string;
  readonly value: string;
  /** Why it is so, one phrase. */
  readonly why?: string | undefined;
}

/** The values that were in force, whoever chose them, and what was given on the command line: all that would make the run again. */
export function decided(figures: ReportFigures): Html {
  const { given } = figures.run;
  return html`<section aria-labelledby="decided">
<h2 id="decided">What was decided</h2>
${group('The run', runFacts(figures))}
${group('Training', trainingFacts(figures))}
${group('Writing titles', writingFacts(figures))}
<h3>Given, other than the defaults</h3>
${
  given.length === 0
    ? html`<p>Nothing: all of it was left to titlesmith.</p>`
    : html`<p class="given">${given.map(({ name, value }) => html`<code><bdi>${visible(asTyped(name, value))}</bdi></code> `)}</p>`
}
<p class="meaning">Source, model and device stand above, whoever chose them.</p>
<p class="colophon">Made by titlesmith${figures.run.titlesmithVersion === null ? null : ` ${visible(figures.run.titlesmithVersion)}`}. The same figures for programs
are in <code>report.json</code>; every option, with the hash of each file, in <code>run.json</code>.</p>
</section>`;
}

/** `true` is what a switch alone says. */
function asTyped(name: string, value: string): string {
  if (value === 'true') return `--${name}`;
  return value === 'false' ? `--no-${name}` : `--${name} ${value}`;
}

function group(name: string, facts: readonly (Fact | undefined)[]): Html | null {
  const known = facts.filter((fact) => fact !== undefined);
  if (known.length === 0) return null;
  return html`<h3>${name}</h3>
<dl class="provenance">
${known.map(
  ({ name: what, value, why }) =>
    html`<div><dt>${visible(what)}</dt><dd><bdi>${visible(value)}</bdi>${why === undefined ? null : html` <span class="meaning">${visible(why)}</span>`}</dd></div>`,
)}
</dl>`;
}

function runFacts({ run, training, titles }: ReportFigures): (Fact | undefined)[] {
  const decision = (name: string) => run.decisions.find((made) => made.name === name);
  const parameters = training ? `, ${formatCount(training.parameters)} parameters` : '';
  const device = decision('device');
  const sentences = decision('sentence model');
  return [
    { name: 'Run', value: run.name },
    run.begun === null ? undefined : { name: 'Begun', value: `${run.begun} (UTC)` },
    run.titlesmithVersion === null ? undefined : { name: 'titlesmith', value: run.titlesmithVersion },
    { name: 'Source', value: run.source.description, why: decision('source')?.reason },
    titles.train === null || titles.validation === null
      ? undefined
      : {
          name: 'Titles',
          value: `${formatCount(titles.train)} to learn from, ${formatCount(titles.validation)} held out`,
          why: `${formatPercent(titles.validation / Math.max(1, titles.train + titles.validation))} held out`,
        },
    {
      name: 'Model that training began with',
      value: `${run.model}${parameters}`,
      why: decision('model')?.reason,
    },
    device && { name: 'Device', value: deviceInWords(run, device), why: device.reason },
    sentences && { name: 'Sentence model', value: sentences.choice, why: sentences.reason },
    { name: 'Seed', value: String(run.seed) },
  ];
}

/** The device that trained, by its name where it is the one that was decided on last. */
function deviceInWords(
  { trainedOn }: ReportFigures['run'],
  { choice, description }: ReportFigures['run']['decisions'][number],
): string {
  const device = trainedOn ?? choice;
  return description === null || device !== choice ? device : `${device}, ${description}`;
}

/** Names of settings as the field has them; others stand by the name of their option. */
const settingNames: Readonly<Record<string, string>> = {
  'learning-rate': 'Learning rate, highest',
  'warmup-steps': 'Steps of warm-up',
  schedule: 'Schedule of the learning rate',
  'weight-decay': 'Weight decay (AdamW)',
  'clip-norm': 'Gradient norm clipped at',
  dropout: 'Dropout',
  'mixed-precision': 'Mixed precision',
  'evaluate-every': 'Steps between evaluations',
  patience: 'Evaluations without gain until it stops',
  'lora-rank': 'Rank of the adapters (LoRA)',
  'frozen-precision': 'Precision of frozen weights',
};

/** Told together with others, or told by the steps that came of them. */
const toldElsewhere = new Set([
  'seed',
  'batch-size',
  'accumulate-gradients',
  'row-length',
  'steps',
  'max-epochs',
]);
const minima = new Set(['minimum-steps', 'minimum-steps-epochs']);

function trainingFacts({ run, training }: ReportFigures): (Fact | undefined)[] {
  const { settings } = run;
  const settingOf = (name: string): string | undefined =>
    settings.find((setting) => setting.name === name)?.value;
  const rest = settings.filter(({ name }) => !toldElsewhere.has(name) && !minima.has(name));
  const precision = run.decisions.find(({ name }) => name === 'mixed precision');
  return [
    training === null ? undefined : stepsFact(training, plannedInWords(settingOf)),
    batchFact(settingOf('batch-size'), settingOf('accumulate-gradients') ?? '1'),
    training?.rowLength === undefined
      ? undefined
      : { name: 'Sequence length', value: `${formatCount(training.rowLength)} tokens` },
    ...rest
      .filter(({ value }) => value !== 'false')
      .map(({ name, value }) => ({
        name: settingNames[name] ?? name.replaceAll('-', ' ').replace(/^./, (letter) => letter.toUpperCase()),
        value: name === 'mixed-precision' && value === 'off' ? 'off: float32 throughout' : value,
        why: name === 'mixed-precision' ? precision?.reason : undefined,
      })),
  ];
}

/** How many steps were to be made, where their number was not given. */
function plannedInWords(settingOf: (name: string) => string | undefined): string {
  const passes = settingOf('max-epochs');
  if (passes === undefined) return '';
  const least = Number(settingOf('minimum-steps') ?? 0);
  const cap = settingOf('minimum-steps-epochs');
  const upTo = cap === undefined ? '' : `, up to ${cap} passes`;
  return `; planned: ${passes}${least > 0 ? `, or ${formatCount(least)} steps where these are more${upTo}` : ''}`;
}

function stepsFact(
  { steps, plannedSteps, epochs, bestStep, stopReason, earlier }: NonNullable<ReportFigures['training']>,
  plan: string,
): Fact {
  const planned = plannedSteps === undefined ? '' : ` of ${formatCount(plannedSteps)} planned`;
  const ended = stopReason === 'steps' ? '' : 'stopped early; ';
  const before = earlier
    ? `, after ${formatCount(earlier.steps)} steps, ${earlier.epochs.toFixed(1)} passes`
    : '';
  return {
    name: 'Steps',
    value: `${formatCount(steps)}${planned}; kept: ${bestStep > 0 ? `step ${formatCount(bestStep)}` : 'the model as it came'}`,
    why: `${ended}${epochs.toFixed(1)} passes${before}${plan}`,
  };
}

function batchFact(rows: string | undefined, accumulated: string): Fact | undefined {
  if (rows === undefined) return undefined;
  const times =
    accumulated === '1'
      ? 'no accumulation of gradients'
      : `gradients of ${accumulated} batches summed: ${Number(rows) * Number(accumulated)} rows a step`;
  return { name: 'Batch size', value: `${rows} rows`, why: times };
}

/** Options of the stages after training. */
const writingNames: Readonly<Record<string, string>> = {
  nsamples: 'Outputs asked for',
  temperature: 'Temperature',
  'top-k': 'Top k (0: all tokens)',
  'top-p': 'Top p (0: no cut)',
  length: 'Longest output, tokens',
  precision: 'Precision of generation',
  'similarity-threshold': 'Near copies from a rating of',
};

function writingFacts({ run, rules }: ReportFigures): Fact[] {
  return run.options.flatMap(({ name, value }) => {
    const label = writingNames[name];
    if (label === undefined) return [];
    const isThreshold = name === 'similarity-threshold';
    return [
      {
        name: label,
        value: isThreshold ? String(rules.threshold) : value,
        why: isThreshold && rules.thresholdChoice === 'auto' ? 'chosen by the held-out titles' : undefined,
      },
    ];
  });
}
