import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TitlesmithError, usageError } from '../../common/errors.js';
import { firstDraw } from '../../common/judgement.js';
import { summariseRatings } from '../../dedupe/verdict/statistics.js';
import { type PlotName, plotNames, type ThemeName } from '../../options/choices.js';
import type { RunOptions } from '../../options/option-table.js';
import { ratingBins } from '../../report/build-report.js';
import { mostRunsTogether } from '../../report/charts/lines-of-runs.js';
import type { RatingDistribution } from '../../report/charts/rating-histogram.js';
import { titleBits } from '../../report/charts/title-loss-histogram.js';
import { inCommonUnit, trainingCurve } from '../../report/curve.js';
import { drawPlot, whyNotInOne } from '../../report/pictures/draw-plot.js';
import { type PlottedRun, whyNot } from '../../report/pictures/plotted-run.js';
import type { TrainingPoint } from '../../report/report-figures.js';
import { sampledCopies, tokensPerByte } from '../../run/reported-facts.js';
import { runFiles } from '../../run/run-files.js';
import { readJudgement } from '../run/judgement-file.js';
import { readTitleLosses } from '../run/title-losses-file.js';
import { countSamples } from '../stages/report.js';
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

interface PlotOptions {
  /** Undefined: all that the runs have something for. */
  readonly plots: readonly PlotName[] | undefined;
  /** In CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly theme: ThemeName;
}

/** Plots of runs, as SVG files. */
interface PlottedRuns {
  readonly runs: readonly { readonly name: string; readonly folder: string }[];
  readonly plots: readonly {
    readonly plot: PlotName;
    readonly runs: readonly string[];
    readonly svg: string;
  }[];
  /** What was not drawn; without a run, nothing was of that plot. */
  readonly leftOut: readonly { readonly plot: PlotName; readonly run?: string; readonly reason: string }[];
  /** What to beware of. */
  readonly notes: readonly string[];
}

/**
 * Draws plots of one run, or of several together. Nothing is written, and no lock is needed: a training that is under way is drawn as
 * far as it is.
 * @throws TitlesmithError where one is no run or damaged, nothing can be drawn, or not all of what was asked for by name.
 */
export async function plotRuns(folders: readonly string[], options: PlotOptions): Promise<PlottedRuns> {
  if (folders.length > mostRunsTogether)
    throw usageError(
      `plot got ${folders.length} runs, of which more than ${mostRunsTogether} have lines that look alike.`,
      'Name fewer, or see all with titlesmith compare --page.',
    );
  const opened = await openRuns(folders);
  const plotted: PlottedRun[] = [];
  const notes: string[] = [];
  for (const run of opened) {
    const name = nameOf(run, opened);
    const { metrics, isUnderWay } = await measuredBy(run);
    if (isUnderWay) notes.push(underWayNote(name));
    notes.push(...staleNote(run, name));
    plotted.push(await describe(run, name, metrics));
  }
  if (haveSame(opened, 'dataset', runFiles.validation) === false)
    notes.push('Their held-out titles are not the same: losses are of different titles.');
  const wanted = options.plots ?? plotNames;
  const sameTokens = await haveSameTokens(opened);
  const curves = inCommonUnit(
    plotted.map(({ curve }) => curve),
    sameTokens,
  );
  const runs = plotted.map((run, index) => ({ ...run, curve: curves[index]! }));
  const found = wanted.map((plot) => ({ plot, ...choose(plot, runs, sameTokens) }));
  const leftOut = found.flatMap(({ plot, missing }) => missing.map((one) => ({ plot, ...one })));
  const drawn = found.filter(({ runs }) => runs.length > 0);
  if (drawn.length === 0 || (options.plots !== undefined && drawn.length < wanted.length)) {
    const missing = found.filter(({ runs }) => runs.length === 0);
    throw new TitlesmithError(
      `${drawn.length === 0 ? 'Nothing can be drawn' : 'Not all that is asked for can be drawn'}: ${missing.map(inWords).join('; ')}.`,
      { code: 'plot-nothing' },
    );
  }
  return {
    runs: opened.map(({ folder }, index) => ({ name: plotted[index]!.name, folder })),
    plots: drawn.map(({ plot, runs }) => ({
      plot,
      runs: runs.map(({ name }) => name),
      svg: drawPlot(plot, runs, options),
    })),
    leftOut,
    notes,
  };
}

interface Chosen {
  /** None, where they cannot be drawn together. */
  readonly runs: readonly PlottedRun[];
  readonly missing: readonly { readonly run?: string; readonly reason: string }[];
}

/** The runs that a plot can be drawn of, and why not the others. */
function choose(plot: PlotName, all: readonly PlottedRun[], sameTokens: boolean | null): Chosen {
  const missing = all.flatMap((run) => {
    const reason = whyNot(plot, run, all.length > 1);
    return reason === undefined ? [] : [{ run: run.name, reason }];
  });
  const runs = all.filter(({ name }) => missing.every(({ run }) => run !== name));
  const fault = whyNotInOne(plot, runs, sameTokens);
  return fault === undefined ? { runs, missing } : { runs: [], missing: [...missing, { reason: fault }] };
}

/** Each reason once, however many runs have it. */
function inWords({ plot, missing }: { readonly plot: PlotName } & Chosen): string {
  return `no ${plot}, as ${[...new Set(missing.map(({ reason }) => reason))].join(', and ')}`;
}

async function describe(
  { folder, manifest, counts }: OpenedRun,
  name: string,
  metrics: readonly TrainingPoint[],
): Promise<PlottedRun> {
  const losses = await readTitleLosses(folder);
  const { condition = [] } = manifest.options as Partial<RunOptions>;
  const curve = trainingCurve({
    metrics,
    sampled: await sampledCopies(metrics, (step) => countSamples(folder, step)),
    tokensPerByte: tokensPerByte(losses, { condition }),
    counts,
  });
  return {
    name,
    curve,
    bestStep: counts.finetune?.bestStep,
    rates: thinnedRates(
      metrics.flatMap(({ step, learningRate }) =>
        typeof learningRate === 'number' && Number.isFinite(learningRate)
          ? [{ step, value: learningRate }]
          : [],
      ),
    ),
    ratings: await ratingsOf(folder),
    titleBits: losses && titleBits(losses),
  };
}

async function ratingsOf(folder: string): Promise<RatingDistribution | undefined> {
  if (!existsSync(join(folder, runFiles.judgement))) return undefined;
  const { verdicts, heldOut, rules } = await readJudgement(folder);
  return {
    bins: ratingBins(verdicts, heldOut),
    outputs: summariseRatings(verdicts.map(firstDraw)),
    heldOut: summariseRatings(heldOut),
    threshold: rules.threshold,
  };
}

type Rates = PlottedRun['rates'];

/** Learning rates that a picture can show apart. */
const mostRates = 2000;

/** Of more rates than a picture shows, the first, the last and the greatest of each stretch, so that the peak stays. */
function thinnedRates(rates: Rates): Rates {
  const size = Math.ceil(rates.length / mostRates);
  if (size <= 1) return rates;
  const thinned = [rates[0]!];
  for (let start = 1; start < rates.length - 1; start += size) {
    const stretch = rates.slice(start, Math.min(start + size, rates.length - 1));
    thinned.push(stretch.reduce((greatest, rate) => (rate.value > greatest.value ? rate : greatest)));
  }
  return [...thinned, rates.at(-1)!];
}
