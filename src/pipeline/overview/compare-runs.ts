import { usageError } from '../../common/errors.js';
import {
  formatCount,
  formatDecimal,
  formatPercent,
  formatPerplexity,
  formatSeconds,
} from '../../common/number-formats.js';
import type { RunCounts } from '../../common/stage-counts.js';
import { packageVersion } from '../../common/version.js';
import { type StageName, stageNames } from '../../options/choices.js';
import { type OptionName, optionNames, type RunOptions } from '../../options/option-table.js';
import { formatOption } from '../../options/option-values.js';
import { lossesInBits } from '../../report/charts/training-curve.js';
import type { Comparison } from '../../report/comparison/comparison.js';
import { trainingCurve } from '../../report/curve.js';
import { verdictWords } from '../../report/verdict-words.js';
import { finishedRecord, type Manifest } from '../../run/manifest.js';
import { runFiles } from '../../run/run-files.js';
import { readMetrics } from '../run/metrics-file.js';
import { staleStages } from '../run/stale-stages.js';
import { readTitleLosses } from '../run/title-losses-file.js';
import { tokensPerByte } from '../stages/reported-facts.js';
import { countsOf, firstAccepted, openManifest } from './run-overview.js';

interface OpenedRun {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly counts: RunCounts;
  /** The first ten. */
  readonly accepted: readonly string[];
  /** Stages whose results are of files that were replaced since. */
  readonly stale: readonly StageName[];
}

/** A comparison with what programs read of it. */
export interface ComparedRuns extends Comparison {
  readonly details: readonly (OpenedRun & {
    readonly seconds: number;
    readonly options: Readonly<Record<string, unknown>>;
  })[];
  /** What is the same in all runs, and so can be compared; null: not all have recorded it. */
  readonly same: { readonly heldOutTitles: boolean | null; readonly tokens: boolean | null };
}

/**
 * Puts runs side by side: what they are of, how well they learned, what they recite, where their options differ.
 * @param withCurves reads the losses of their trainings, too.
 * @throws TitlesmithError for fewer than two, and where one is no run or is damaged.
 */
export async function compareRuns(
  folders: readonly string[],
  { withCurves }: { readonly withCurves: boolean },
): Promise<ComparedRuns> {
  if (folders.length < 2)
    throw usageError('compare needs two runs or more.', 'See titlesmith compare --help.');
  const runs: OpenedRun[] = [];
  for (const folder of folders) {
    const manifest = await openManifest(folder);
    const counts = countsOf(manifest);
    const accepted = counts.dedupe ? firstAccepted(folder) : [];
    runs.push({ folder, manifest, counts, accepted, stale: staleStages(manifest) });
  }
  const options = differingOptions(runs);
  const same = {
    heldOutTitles: haveSame(runs, 'dataset', runFiles.validation),
    tokens: haveSame(runs, 'finetune', `${runFiles.checkpoint}/tokenizer.json`),
  };
  return {
    titlesmithVersion: packageVersion,
    runs: await Promise.all(runs.map((run) => describeRun(run, nameOf(run, runs), withCurves))),
    sameTokens: same.tokens,
    figures: measures.map(([label, read]) => [label, runs.map((run) => read(run) ?? null)]),
    options: options.map((name) => [formatOption(name, undefined), runs.map((run) => givenValue(run, name))]),
    notes: [
      ...(same.heldOutTitles === false
        ? [
            'Their held-out titles are not the same: losses, bits a byte and verdicts are of different titles.',
          ]
        : []),
      ...(same.tokens === false
        ? ['Their tokens are not the same: compare bits a byte, not perplexities.']
        : []),
      ...runs.flatMap((run) => staleNote(run, nameOf(run, runs))),
    ],
    details: runs.map((run) => ({
      ...run,
      seconds: secondsOf(run.manifest),
      options: Object.fromEntries(options.map((name) => [name, run.manifest.options[name] ?? null])),
    })),
    same,
  };
}

/** What a run is called beside others: by its folder, where another has its name. */
function nameOf({ folder, manifest }: OpenedRun, runs: readonly OpenedRun[]): string {
  const isShared = runs.filter((run) => run.manifest.name === manifest.name).length > 1;
  return isShared ? folder : manifest.name;
}

/** That what was made of earlier weights or titles stands beside what is of later ones. */
function staleNote({ stale }: OpenedRun, name: string): string[] {
  return stale.length === 0
    ? []
    : [
        `${name}: ${stale.join(', ')} ${stale.length === 1 ? 'is' : 'are'} of files that were replaced since.`,
      ];
}

async function describeRun(
  { folder, manifest, counts, accepted }: OpenedRun,
  name: string,
  withCurves: boolean,
): Promise<Comparison['runs'][number]> {
  const { condition } = manifest.options as Partial<RunOptions>;
  const losses = withCurves ? await readTitleLosses(folder) : undefined;
  const perByte = tokensPerByte(losses, { condition: condition ?? [] });
  const metrics = withCurves && counts.finetune ? await readMetrics(folder) : [];
  const curve = trainingCurve({ metrics, sampled: [], tokensPerByte: perByte, counts });
  const { heldOut, unit } = lossesInBits(curve);
  return {
    name,
    verdict: counts.report?.verdict,
    heldOut,
    unit,
    bestStep: counts.finetune?.bestStep,
    accepted,
  };
}

const secondsOf = ({ stages }: Manifest): number =>
  Object.values(stages).reduce((sum, record) => sum + (record.seconds ?? 0), 0);

/** Whether a stage wrote the same file in all runs; null where fewer than two have recorded it. */
function haveSame(runs: readonly OpenedRun[], stage: StageName, file: string): boolean | null {
  const hashes = runs.flatMap(
    ({ manifest }) => finishedRecord(manifest, stage)?.outputs?.[file]?.sha256 ?? [],
  );
  if (new Set(hashes).size > 1) return false;
  return hashes.length === runs.length ? true : null;
}

/** What is compared, and how it is said of a run; undefined where the run does not tell. */
const measures: readonly (readonly [label: string, read: (run: OpenedRun) => string | undefined])[] = [
  ['verdict', ({ counts }) => counts.report && verdictWords[counts.report.verdict]],
  ['model', ({ manifest }) => manifest.decisions.model?.choice],
  ['parameters', ({ counts }) => counts.finetune && formatCount(counts.finetune.parameters)],
  ['titles to train on', ({ counts }) => counts.dataset && formatCount(counts.dataset.train)],
  ['titles held out', ({ counts }) => counts.dataset && formatCount(counts.dataset.validation)],
  ['steps', ({ counts }) => counts.finetune && formatCount(counts.finetune.steps)],
  ['epochs', ({ counts }) => counts.finetune && formatDecimal(counts.finetune.epochs)],
  [
    'perplexity before',
    ({ counts }) => counts.finetune && formatPerplexity(counts.finetune.initialValidationLoss),
  ],
  [
    'perplexity kept',
    ({ counts }) => counts.finetune && formatPerplexity(counts.finetune.bestValidationLoss),
  ],
  [
    'perplexity after',
    ({ counts }) => counts.finetune && formatPerplexity(counts.finetune.finalValidationLoss),
  ],
  ['bits a byte', ({ counts }) => counts.finetune?.bitsPerByte?.model.toFixed(3)],
  ['generated', ({ counts }) => counts.generate && formatCount(counts.generate.generated)],
  ['accepted', ({ counts }) => counts.dedupe && formatCount(counts.dedupe.accepted)],
  ['copies', ({ counts }) => counts.report && formatPercent(counts.report.copyShare)],
  ['time', ({ manifest }) => formatSeconds(secondsOf(manifest))],
  [
    'device',
    ({ manifest }) => stageNames.map((stage) => finishedRecord(manifest, stage)?.device).find(Boolean),
  ],
];

/** Options that are not the same in all runs; names and places left out. */
function differingOptions(runs: readonly OpenedRun[]): OptionName[] {
  const isPlace = (name: OptionName): boolean =>
    ['runName', 'runsDir', 'json', 'overwrite', 'until'].includes(name);
  return optionNames.filter((name) => {
    const values = runs.map(({ manifest }) => JSON.stringify(manifest.options[name] ?? null));
    return !isPlace(name) && new Set(values).size > 1;
  });
}

function givenValue({ manifest }: OpenedRun, name: OptionName): string {
  const value = manifest.options[name];
  if (value === undefined || value === null) return 'auto';
  return Array.isArray(value) ? value.join(' ') : String(value);
}
