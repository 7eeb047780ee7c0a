import type { OverfitStatistics } from '../common/judgement.js';
import { formatCount, formatPercent, pluralize } from '../common/number-formats.js';
import type { ReportFigures } from './report-figures.js';
import { areAlike, areTooFew, isNoBetterThanCounts, remembering } from './verdict-explanation.js';

/** Fewer training titles than this are few for any model. */
const fewTitles = 5000;
/** Below this temperature, sampling favours memorized titles. */
const boldTemperature = 0.9;
/** With fewer held-out titles than this, shares of them are rough. */
const fewHeldOut = 100;
/** With more copies than this, another way of sampling does not mend a model. */
const mostlyCopies = 0.2;

/** What to do about the verdict: actions, one sentence each, the first to be taken first. */
export function adviceFor(figures: ReportFigures): string[] {
  const { overfit } = figures;
  switch (overfit.verdict) {
    case 'overfits':
      return againstReciting(figures);
    case 'leans':
      return [useWhatIsLeft(figures), ...againstReciting(figures)];
    case 'underfits':
      return waysToLearnMore(figures);
    case 'healthy':
      return whenHealthy(figures);
    case 'unknown':
      return whatWouldTell(overfit);
  }
}

const optionOf = ({ run }: ReportFigures, name: string): string | undefined =>
  run.options.find((option) => option.name === name)?.value;

const beginWithBase = 'Begin with weights that know the language: --model base.';
/** Whether training began with weights that had been trained before. */
const knowsLanguage = ({ run }: Pick<ReportFigures, 'run'>): boolean =>
  !['nano', 'scratch'].includes(run.model);

function whenHealthy({ overfit, training }: ReportFigures): string[] {
  const { count } = overfit.outputs.copies;
  // What it was shown is easy for it already: more passes would make it say that again.
  const remembers = (remembering(overfit)?.difference.share ?? 0) > 0;
  const advice = [
    'Nothing needs to change for copies; whether the titles are good, only reading them tells.',
  ];
  if (count > 0) {
    const were = count === 1 ? 'copies a title was' : 'copy a title were';
    advice.push(
      `The ${pluralize(count, 'output')} that ${were} refused; each is shown below beside its title.`,
    );
  }
  if (areAlike(overfit))
    advice.push(
      'To refuse fewer outputs that only share a pattern, take --similarity-threshold auto or a higher one.',
    );
  if (training && training.bestStep === training.steps && training.stopReason === 'steps' && !remembers)
    advice.push(
      'More passes (a higher --max-epochs) may help: the last step predicted held-out titles best.',
    );
  return advice;
}

/** Outputs that passed the rules are not the ones that the verdict is about. */
function useWhatIsLeft({ verdicts, overfit }: ReportFigures): string {
  const accepted = pluralize(verdicts.accepted, 'title');
  if (isNoBetterThanCounts(overfit))
    return `Read what was accepted (${accepted}) before you use any of it: copies were refused, nonsense was not.`;
  return (
    `What was accepted (${accepted}) copies nothing by these rules and can be used; read first those ` +
    'that come closest to a title, below.'
  );
}

/** What this run has not done yet against learning by heart. */
function againstReciting(figures: ReportFigures): string[] {
  const { titles, overfit } = figures;
  const learned = titles.train === null ? '' : `: it had ${formatCount(titles.train)}`;
  const rank = optionOf(figures, 'lora-rank');
  const temperature = Number(optionOf(figures, 'temperature'));
  const more = `Learn from more titles${learned} (a higher --limit, or more subreddits).`;
  const base = knowsLanguage(figures) ? [] : [beginWithBase];
  // Fewer passes do not make a model better that predicts no better than counts do: so few titles are too few for it.
  if (isNoBetterThanCounts(overfit))
    return [...base, more, ...(overfit.verdict === 'overfits' ? [fewerPasses(figures)] : [])];
  const advice = [
    fewerPasses(figures),
    ...base,
    more,
    rank === undefined
      ? 'Give the model less room to remember: train low-rank adapters (--lora-rank 8) instead of all weights.'
      : `Give the model less room to remember: a lower --lora-rank than ${rank}.`,
  ];
  if (overfit.outputs.copies.share > mostlyCopies) return advice;
  if (temperature < boldTemperature)
    return [...advice, `Sample more freely: a --temperature above ${temperature}, such as 1.`];
  return [...advice, 'Sample differently: without --top-k and --top-p, or with another --prefix.'];
}

/** An earlier step to end at: the best by samples and held-out loss, or a part of those that the kept weights had made. */
function fewerPasses(figures: ReportFigures): string {
  const { training, bestCheckpoint, curve, titles, run, overfit } = figures;
  if (training === null) return 'Train for fewer passes over the titles (--steps, or a lower --max-epochs).';
  const { steps, epochs, bestStep } = training;
  if (bestStep === 0)
    return 'Begin with other weights: those that this training began with are what it kept (--restore-from fresh).';
  const passes = (step: number): string => ((step * epochs) / steps).toFixed(1);
  const over = titles.train === null ? 'the titles' : pluralize(titles.train, 'title');
  const made = `Train for fewer passes: the weights that were kept had made ${passes(bestStep)} over ${over}`;
  const earlier = curve.copies.filter(({ step }) => step < bestStep);
  const sample =
    earlier.find(({ step }) => step === bestCheckpoint?.step) ??
    earlier.findLast(({ share }) => share <= overfit.heldOut.copies.high);
  if (sample) {
    const samples = sample.texts === null ? 'the samples' : pluralize(sample.texts, 'sample');
    return `${made}; try ${passes(sample.step)} (--steps ${sample.step}), when ${formatPercent(sample.share)} of ${samples} were copies.`;
  }
  const part = overfit.outputs.copies.share > mostlyCopies ? 4 : 2;
  const step = Math.max(1, Math.round(bestStep / part));
  const ends = run.given.some(({ name }) => name === 'steps')
    ? '. Leave out --steps, so that training ends once it predicts held-out titles no better, or'
    : ';';
  return `${made}${ends} try ${passes(step)} (--steps ${step}).`;
}

/** No step was better than the model that training began with: most often the steps were too large. */
function lowerRate({ settings }: ReportFigures['run']): string {
  const rate = settings.find(({ name }) => name === 'learning-rate')?.value;
  return `Train at a lower --learning-rate${rate === undefined ? '' : ` than ${rate}`}, or for more steps: no step helped.`;
}

/** What may help a model that has learned too little, from what this run did. */
function waysToLearnMore({ training, titles, run }: ReportFigures): string[] {
  const advice: string[] = knowsLanguage({ run }) ? [] : [beginWithBase];
  const { steps = 0, bestStep = 0, epochs = 0, stopReason } = training ?? {};
  // Where the best step was an earlier one, the model had what these titles can teach it.
  const hadEnough = bestStep > 0 && (bestStep < steps || stopReason === 'copies');
  if (training && bestStep === 0) advice.push(lowerRate(run));
  else if (!hadEnough) {
    const made = training ? `: it made ${epochs.toFixed(1)}` : '';
    advice.push(`Train for more passes over the titles${made} (--steps, or a higher --max-epochs).`);
  }
  if (titles.train !== null && titles.train < fewTitles)
    advice.push(`Learn from more titles: it had ${formatCount(titles.train)}.`);
  if (hadEnough) {
    const why =
      stopReason === 'copies'
        ? `after step ${formatCount(steps)} a sample held more copies than chance explains`
        : `held-out titles were predicted best after step ${formatCount(bestStep)} of ${formatCount(steps)}`;
    advice.push(`Do not train longer on these titles: ${why}.`);
  }
  return advice;
}

function whatWouldTell(overfit: OverfitStatistics): string[] {
  const { comparison, losses, outputs, heldOut } = overfit;
  if (areTooFew(overfit)) return ['Generate more titles (--nsamples), or learn from more, and look again.'];
  const { holds, outputsNeeded, heldOutNeeded } = comparison;
  if (holds && losses === undefined)
    return ['Train again with this version (--restore-from fresh), which measures it.'];
  if (holds)
    return [
      'Hold out more titles (learn from more titles, or raise --validation-share), or train for longer, and look again.',
    ];
  if (outputsNeeded !== undefined) {
    const few = heldOut.count < fewHeldOut;
    return [
      `Generate more: if the shares stay as they are, ${pluralize(outputsNeeded, 'output')} is the least that would tell, ` +
        `instead of ${formatCount(outputs.count)} (--nsamples ${outputsNeeded}); several hundred tell more surely.`,
      ...(few
        ? [
            `Hold out more titles, too: only ${formatCount(heldOut.count)} were (learn from more titles, or raise --validation-share).`,
          ]
        : []),
    ];
  }
  if (heldOutNeeded !== undefined) {
    return [
      `Hold out more titles (learn from more titles, or raise --validation-share): if the shares stay as they are, ` +
        `${formatCount(heldOutNeeded)} held-out titles and as many outputs would tell; with so few held out, no number of outputs would.`,
    ];
  }
  return [
    'Look at what was refused, and train for fewer passes: the outputs have more copies already, so that more of them would not tell.',
  ];
}
