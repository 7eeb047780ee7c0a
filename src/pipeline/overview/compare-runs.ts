import { usageError } from '../../common/errors.js';
import { packageVersion } from '../../common/package-facts.js';
import type { RunCounts } from '../../common/stage-counts.js';
import type { TitleLosses } from '../../common/title-losses.js';
import type { StageName } from '../../options/choices.js';
import { type OptionName, optionNames, type RunOptions } from '../../options/option-table.js';
import { formatOption } from '../../options/option-values.js';
import { lossesInBits } from '../../report/charts/training-curve.js';
import type { Comparison } from '../../report/comparison/comparison.js';
import { trainingCurve } from '../../report/curve.js';
import { finishedRecord, type Manifest } from '../../run/manifest.js';
import { tokensPerByte } from '../../run/reported-facts.js';
import { runFiles } from '../../run/run-files.js';
import { readMetrics } from '../run/metrics-file.js';
import { staleStages } from '../run/stale-stages.js';
import { readTitleLosses } from '../run/title-losses-file.js';

import { bestStepOf, comparedRows, secondsOf, unusableCounts, verdictOf } from './compared-figures.js';
import { pairedDifferences } from './paired-losses.js';
import { countsOf, firstAccepted, openManifest } from './run-overview.js';

interface OpenedRun {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly counts: RunCounts;
  /** The first ten. */
  readonly accepted: readonly string[];
  /** Stages whose results are of files that were replaced since. */
  readonly stale: readonly StageName[];
  /** Undefined in runs of earlier versions, and where nothing was trained. */
  readonly losses: TitleLosses | undefined;
}

/** A comparison with what programs read of it. */
export interface ComparedRuns extends Comparison {
  readonly details: readonly (Omit<OpenedRun, 'losses'> & {
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
    const losses = counts.finetune ? await readTitleLosses(folder) : undefined;
    runs.push({ folder, manifest, counts, accepted, losses, stale: staleStages(manifest) });
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
    figures: comparedRows.map(([label, read]) => [label, runs.map(({ manifest }) => read(manifest) ?? null)]),
    options: options.map((name) => [formatOption(name, undefined), runs.map((run) => givenValue(run, name))]),
    differences: pairedDifferences(runs.map((run) => ({ ...run, name: nameOf(run, runs) }))),
    notes: [
      ...(same.heldOutTitles === false
        ? [
            'Their held-out titles are not the same: losses, bits a byte and verdicts are of different titles.',
          ]
        : []),
      ...(same.tokens === false
        ? ['Their tokens are not the same: compare bits a byte, not perplexities.']
        : []),
      ...runs.flatMap((run) => [
        ...staleNote(run, nameOf(run, runs)),
        ...unusableNote(run, nameOf(run, runs)),
      ]),
    ],
    details: runs.map(({ losses, ...run }) => ({
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

/** That figures are missing, of which run.json says nothing that they can be. */
function unusableNote({ manifest }: OpenedRun, name: string): string[] {
  const unusable = unusableCounts(manifest);
  if (unusable.length === 0) return [];
  return [
    `${name}: run.json has no usable ${unusable.join(', ')}: not shown. It was edited, or written by another version.`,
  ];
}

async function describeRun(
  { folder, manifest, counts, accepted, losses }: OpenedRun,
  name: string,
  withCurves: boolean,
): Promise<Comparison['runs'][number]> {
  const { condition } = manifest.options as Partial<RunOptions>;
  const perByte = tokensPerByte(losses, { condition: condition ?? [] });
  const metrics = withCurves && counts.finetune ? await readMetrics(folder) : [];
  const curve = trainingCurve({ metrics, sampled: [], tokensPerByte: perByte, counts });
  const { heldOut, unit } = lossesInBits(curve);
  return {
    name,
    verdict: verdictOf(manifest),
    heldOut,
    unit,
    bestStep: bestStepOf(manifest),
    accepted,
  };
}

/** Whether a stage wrote the same file in all runs; null where fewer than two have recorded it. */
function haveSame(runs: readonly OpenedRun[], stage: StageName, file: string): boolean | null {
  const hashes = runs.flatMap(
    ({ manifest }) => finishedRecord(manifest, stage)?.outputs?.[file]?.sha256 ?? [],
  );
  if (new Set(hashes).size > 1) return false;
  return hashes.length === runs.length ? true : null;
}

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
  if (Array.isArray(value)) return value.map(String).join(' ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
