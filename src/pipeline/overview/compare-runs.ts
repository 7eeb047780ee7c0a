import { usageError } from '../../common/errors.js';
import { packageVersion } from '../../common/package-facts.js';
import type { TitleLosses } from '../../common/title-losses.js';
import { type OptionName, optionNames, type RunOptions } from '../../options/option-table.js';
import { formatOption } from '../../options/option-values.js';
import { lossesInBits } from '../../report/charts/training-curve.js';
import type { Comparison } from '../../report/comparison/comparison.js';
import { inCommonUnit, trainingCurve } from '../../report/curve.js';
import type { ReportFigures } from '../../report/report-figures.js';
import { tokensPerByte } from '../../run/reported-facts.js';
import { runFiles } from '../../run/run-files.js';
import { readTitleLosses } from '../run/title-losses-file.js';

import { bestStepOf, comparedRows, verdictOf } from './compared-figures.js';
import {
  haveSame,
  haveSameTokens,
  measuredBy,
  nameOf,
  type OpenedRun,
  openRuns,
  staleNote,
  underWayNote,
} from './opened-runs.js';
import { pairedDifferences } from './paired-losses.js';
import { firstAccepted, secondsOf, unusableNote } from './run-overview.js';

interface ComparedRun extends OpenedRun {
  /** The first ten. */
  readonly accepted: readonly string[];
  /** Undefined in runs of earlier versions, and where nothing was trained. */
  readonly losses: TitleLosses | undefined;
}

/** A comparison with what programs read of it. */
export interface ComparedRuns extends Comparison {
  readonly details: readonly (Omit<ComparedRun, 'losses'> & {
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
  const runs: ComparedRun[] = [];
  for (const run of await openRuns(folders)) {
    const { folder, counts } = run;
    const accepted = counts.dedupe ? firstAccepted(folder) : [];
    const losses = counts.finetune ? await readTitleLosses(folder) : undefined;
    runs.push({ ...run, accepted, losses });
  }
  const options = differingOptions(runs);
  const same = {
    heldOutTitles: haveSame(runs, 'dataset', runFiles.validation),
    tokens: await haveSameTokens(runs),
  };
  const read = withCurves ? await Promise.all(runs.map(curveOf)) : runs.map(() => unread);
  const curves = inCommonUnit(
    read.map(({ curve }) => curve),
    same.tokens,
  );
  return {
    titlesmithVersion: packageVersion,
    runs: runs.map((run, index) => describeRun(run, nameOf(run, runs), curves[index]!)),
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
      ...runs.flatMap((run, index) => (read[index]!.isUnderWay ? [underWayNote(nameOf(run, runs))] : [])),
      ...runs.flatMap((run) => {
        const [name, unusable] = [nameOf(run, runs), unusableNote(run.manifest)];
        return [...staleNote(run, name), ...(unusable === undefined ? [] : [`${name}: ${unusable}`])];
      }),
    ],
    details: runs.map(({ losses, ...run }) => ({
      ...run,
      seconds: secondsOf(run.manifest),
      options: Object.fromEntries(options.map((name) => [name, run.manifest.options[name] ?? null])),
    })),
    same,
  };
}

/** The curve of a run whose losses are not asked for. */
const unread = { curve: trainingCurve({ metrics: [], tokensPerByte: undefined }), isUnderWay: false };

async function curveOf(run: ComparedRun): Promise<typeof unread> {
  const { metrics, isUnderWay } = await measuredBy(run);
  const { condition = [] } = run.manifest.options as Partial<RunOptions>;
  const perByte = tokensPerByte(run.losses, { condition });
  return {
    curve: trainingCurve({ metrics, sampled: [], tokensPerByte: perByte, counts: run.counts }),
    isUnderWay,
  };
}

function describeRun(
  { manifest, accepted }: ComparedRun,
  name: string,
  curve: ReportFigures['curve'],
): Comparison['runs'][number] {
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
