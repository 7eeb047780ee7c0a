import type { OverfitVerdict } from '../../common/judgement.js';
import {
  formatCount,
  formatDecimal,
  formatPercent,
  formatPerplexity,
  formatSeconds,
} from '../../common/number-formats.js';
import { type StageName, stageNames } from '../../options/choices.js';
import { verdictWords } from '../../report/verdict-words.js';
import { finishedRecord, type Manifest } from '../../run/manifest.js';
import { isAmount, isCount, isLoss, isShare, isVerdict } from '../../run/usable-counts.js';
import { secondsOf } from './run-overview.js';

/** A figure that a finished stage counts in run.json, which anyone may have edited. */
interface Figure {
  readonly label: string;
  readonly stage: StageName;
  /** Where it stands in the stage's counts. */
  readonly path: readonly string[];
  /** Whether a value is one that the figure can have. */
  readonly isValid: (value: unknown) => boolean;
  /** @param value a valid one. */
  readonly show: (value: never) => string;
}

const count = (label: string, stage: StageName, name: string): Figure => ({
  label,
  stage,
  path: [name],
  isValid: isCount,
  show: formatCount,
});
const loss = (label: string, name: string): Figure => ({
  label,
  stage: 'finetune',
  path: [name],
  isValid: isLoss,
  show: formatPerplexity,
});

const verdict: Figure = {
  label: 'verdict',
  stage: 'report',
  path: ['verdict'],
  isValid: isVerdict,
  show: (value: OverfitVerdict) => verdictWords[value],
};
const bestStep = count('step kept', 'finetune', 'bestStep');

const counted: readonly Figure[] = [
  count('parameters', 'finetune', 'parameters'),
  count('titles to train on', 'dataset', 'train'),
  count('titles held out', 'dataset', 'validation'),
  count('steps', 'finetune', 'steps'),
  { label: 'epochs', stage: 'finetune', path: ['epochs'], isValid: isAmount, show: formatDecimal },
  loss('perplexity before', 'initialValidationLoss'),
  loss('perplexity kept', 'bestValidationLoss'),
  loss('perplexity after', 'finalValidationLoss'),
  {
    label: 'bits a byte',
    stage: 'finetune',
    path: ['bitsPerByte', 'model'],
    isValid: isAmount,
    show: (value: number) => value.toFixed(3),
  },
  count('generated', 'generate', 'generated'),
  count('accepted', 'dedupe', 'accepted'),
  { label: 'copies', stage: 'report', path: ['copyShare'], isValid: isShare, show: formatPercent },
];

/** What a manifest holds at a figure's place; undefined where its stage has not finished, or it is not there. */
function recordedValue(manifest: Manifest, { stage, path }: Figure): unknown {
  let value: unknown = finishedRecord(manifest, stage)?.counts;
  for (const name of path) {
    const isHolder = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
    value = isHolder ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
  }
  return value;
}

function shownValue(manifest: Manifest, figure: Figure): string | undefined {
  const value = recordedValue(manifest, figure);
  return figure.isValid(value) ? figure.show(value as never) : undefined;
}

/** The verdict that a run's report came to; undefined where there is none that this titlesmith knows. */
export function verdictOf(manifest: Manifest): OverfitVerdict | undefined {
  const value = recordedValue(manifest, verdict);
  return isVerdict(value) ? (value as OverfitVerdict) : undefined;
}

/** The step whose weights were kept; undefined where that is not told. */
export function bestStepOf(manifest: Manifest): number | undefined {
  const value = recordedValue(manifest, bestStep);
  return isCount(value) ? (value as number) : undefined;
}

/** A row of a comparison: a label, and what a run says there; undefined where it does not tell. */
type Row = readonly [label: string, read: (manifest: Manifest) => string | undefined];

/** What is compared of runs, in order. */
export const comparedRows: readonly Row[] = [
  [verdict.label, (manifest) => shownValue(manifest, verdict)],
  ['model', ({ decisions }) => decisions.model?.choice],
  ...counted.map((figure): Row => [figure.label, (manifest) => shownValue(manifest, figure)]),
  ['time', (manifest) => formatSeconds(secondsOf(manifest))],
  ['device', (manifest) => stageNames.map((stage) => finishedRecord(manifest, stage)?.device).find(Boolean)],
];
