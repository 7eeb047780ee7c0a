import {
  formatCount,
  formatDecimal,
  formatPercent,
  formatSeconds,
  pluralize,
} from '../../common/number-formats.js';
import { type Html, html, visible } from '../../web/html.js';
import { renderSelfContainedPage } from '../../web/html-page.js';
import { verdictWords } from '../verdict-words.js';
import type { BatchRecord, BatchRunRecord, RunFigures, ShareChanges } from './batch-record.js';
import { batchRefusals } from './batch-refusals.js';

interface BatchPageOptions {
  /** Bundled from ../client/batch.css. */
  readonly styles: string;
  /** How shares changed since the previous batch, by the run's name. */
  readonly changes: ReadonlyMap<string, ShareChanges>;
  /** Prefix of the links, for a page outside the folder of the runs. */
  readonly base: string;
}

/**
 * A batch on one page: one row per run, with the changes since the previous batch and links to the reports. The same
 * record always gives the same bytes.
 */
export function renderBatch(record: BatchRecord, { styles, changes, base }: BatchPageOptions): string {
  const part = record.shard ? `, part ${record.shard.index + 1} of ${record.shard.count}` : '';
  return renderSelfContainedPage({
    title: `${record.file}${part} – titlesmith batch`,
    styles,
    body: [
      overview(record),
      errors(record),
      runs(record, changes, base),
      batchRefusals(record),
      colophon(record),
    ],
  });
}

type Total = 'titles' | 'accepted' | 'generated';

function total(record: BatchRecord, name: Total): number {
  return record.runs.reduce((sum, { figures }) => sum + (figures?.[name] ?? 0), 0);
}

/** 2026-11-25T03:00:00.000Z → `2026-11-25 03:00 UTC`. */
function formatTime(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 16)} UTC`;
}

const isDone = ({ status }: BatchRunRecord): boolean => status === 'done' || status === 'overfit';

function headline({ runs, finishedAt }: BatchRecord): string {
  const done = runs.filter(isDone).length;
  const failed = runs.filter(({ status }) => status === 'failed').length;
  if (finishedAt === null) return `${done} of ${pluralize(runs.length, 'run')} done so far`;
  if (failed > 0) return `${failed} of ${pluralize(runs.length, 'run')} failed`;
  const overfit = runs.filter(({ status }) => status === 'overfit').length;
  if (overfit > 0) return `${overfit} of ${pluralize(runs.length, 'run')} overfit`;
  if (done < runs.length) return `${done} of ${pluralize(runs.length, 'run')} done`;
  if (runs.length === 1) return 'The run is done';
  return runs.length === 2 ? 'Both runs are done' : `All ${formatCount(runs.length)} runs are done`;
}

function overview(record: BatchRecord): Html {
  const { file, shard, startedAt, seconds } = record;
  const part = shard
    ? html` <span aria-hidden="true">·</span> part ${shard.index + 1} of ${shard.count}`
    : null;
  const [titles, generated, accepted] = [
    total(record, 'titles'),
    total(record, 'generated'),
    total(record, 'accepted'),
  ];
  const share =
    generated === 0
      ? 'none were generated'
      : `${formatPercent(accepted / generated)} of ${formatCount(generated)} outputs`;
  const bad = record.runs.some(({ status }) => status === 'failed' || status === 'overfit');
  return html`<header class="masthead">
<p class="kicker">titlesmith <span aria-hidden="true">·</span> batch <span aria-hidden="true">·</span>
<bdi>${visible(file)}</bdi>${part}</p>
<h1 class="${bad ? 'overfits' : ''}">${headline(record)}</h1>
<p class="lead">Begun ${formatTime(startedAt)}. ${comparison(record)}</p>
</header>
<section aria-label="Key figures"><dl class="figures">
${figure('Runs', `${formatCount(record.runs.filter(isDone).length)} of ${formatCount(record.runs.length)}`, doneInWords(record))}
${figure('Titles in', formatCount(titles), 'after cleaning, of all runs')}
${figure('Accepted', formatCount(accepted), share)}
${figure('Time', formatSeconds(seconds), record.finishedAt === null ? 'so far' : 'from the first run to the last')}
</dl></section>`;
}

/** Explains the small figures; empty without a previous batch. */
function comparison({ runs, previous }: BatchRecord): string {
  if (!previous) return '';
  const since = `since the batch of ${formatTime(previous.startedAt)}`;
  const hasChanged = runs.some(({ name, figures }) => {
    const before = previous.figures[name];
    return (
      verdictChange(figures, before) !== null || changesOf(figures, before).some((since) => since !== null)
    );
  });
  return hasChanged
    ? `Small figures: change ${since}, in colour where a share of the outputs changed by more than chance explains.`
    : `No figure has changed ${since}.`;
}

/** What the colours of changes stand on; null where nothing is coloured or said to be chance. */
function changesMethod({ previous }: BatchRecord): Html | null {
  if (!previous) return null;
  return html` Changes of copies and of the accepted share may be chance where the 95% interval of a difference of two shares (Newcombe 1998) holds 0;
of twenty without a change, one seems to have one. Losses are of the titles held out then and now: <code>titlesmith compare</code> pairs them where they are the same.`;
}

/** How many runs are done, and how many of their models are what one wants. */
function doneInWords({ runs }: BatchRecord): string {
  const judged = runs.filter((run) => isDone(run) && run.figures?.verdict != null);
  if (judged.length === 0) return 'done';
  const healthy = judged.filter(({ figures }) => figures?.verdict === 'healthy').length;
  const say = healthy === 1 ? verdictWords.healthy : 'write titles of their own';
  return `done; ${formatCount(healthy)} of ${formatCount(judged.length)} models ${say}`;
}

function figure(name: string, value: string, meaning: string): Html {
  return html`<div><dt>${name}</dt>
<dd><span class="value">${value}</span>
<span class="meaning">${meaning}</span></dd></div>`;
}

function errors({ runs }: BatchRecord): Html | null {
  const failed = runs.filter(({ error }) => error !== null);
  if (failed.length === 0) return null;
  const items = failed.map(
    ({ name, error, attempts }) => html`<li><strong>${visible(name)}</strong> ${visible(error!.message)}
${error!.hint === null ? null : html`<span class="evidence">${visible(error!.hint)}</span>`}
${attempts > 1 ? html`<span class="evidence">Tried ${attempts} times.</span>` : null}</li>`,
  );
  return html`<section aria-labelledby="faults">
<h2 id="faults">What went wrong</h2>
<ul class="faults">
${items}
</ul>
</section>`;
}

/** Words and colour of a run's state: its verdict, if it has one. */
function stateOf({ status, figures }: BatchRunRecord): { words: string; kind: string } {
  if (status === 'failed') return { words: 'failed', kind: 'failed' };
  if (status === 'waiting') return { words: 'waiting', kind: 'waiting' };
  if (status === 'running') return { words: 'running', kind: 'running' };
  if (status === 'interrupted') return { words: 'stopped', kind: 'waiting' };
  const verdict = figures?.verdict;
  if (!verdict) return { words: 'done', kind: 'unknown' };
  const words = verdictWords[verdict];
  return { words: status === 'overfit' ? `refused: ${words}` : words, kind: verdict };
}

/** The previous verdict, if it was different. */
function verdictChange(now: RunFigures | null, before: RunFigures | undefined): Html | null {
  const [is, was] = [now?.verdict, before?.verdict];
  return is && was && is !== was ? html`<span class="change">was: ${verdictWords[was]}</span>` : null;
}

interface Column {
  readonly name: keyof RunFigures;
  readonly heading: string;
  readonly show: (value: number) => string;
  /** A change of it, without its sign; default: as the figure itself. */
  readonly showChange?: (value: number) => string;
  /** The share that tells whether a change is one; undefined where nothing tells that. */
  readonly share?: keyof ShareChanges;
  /** Which direction is better. */
  readonly better?: 'more' | 'less';
}

/** 0.031 → "3.1 points". */
const points = (share: number): string => `${(100 * share).toFixed(1)} points`;

const columns: readonly Column[] = [
  { name: 'titles', heading: 'Titles in', show: formatCount },
  { name: 'steps', heading: 'Steps', show: formatCount },
  { name: 'validationLoss', heading: 'Validation loss', show: formatDecimal },
  {
    name: 'copyShare',
    heading: 'Copies',
    show: formatPercent,
    showChange: points,
    share: 'copies',
    better: 'less',
  },
  { name: 'accepted', heading: 'Accepted', show: formatCount, share: 'accepted', better: 'more' },
];

function change(
  now: number,
  before: number | null | undefined,
  { show, showChange = show, share, better }: Column,
  shares: ShareChanges | undefined,
): Html | null {
  if (typeof before !== 'number' || show(now) === show(before)) return null;
  const text = `${now > before ? '+' : '−'}${showChange(Math.abs(now - before))}`;
  const interval = share && shares?.[share];
  if (!interval) return html`<span class="change">${text}</span>`;
  const { low, high } = interval;
  if (low <= 0 && high >= 0) return html`<span class="change">${text}, may be chance</span>`;
  // The share itself: more titles of more outputs are not a larger share.
  const isBetter = low > 0 === (better === 'more');
  return html`<span class="change ${isBetter ? 'better' : 'worse'}">${text}</span>`;
}

/** Changes of a run's figures, one per column. */
function changesOf(
  now: RunFigures | null,
  before: RunFigures | undefined,
  shares?: ShareChanges,
): (Html | null)[] {
  return columns.map((column) => {
    const value = now?.[column.name];
    return typeof value === 'number'
      ? change(value, before?.[column.name] as number | null | undefined, column, shares)
      : null;
  });
}

function row(
  run: BatchRunRecord,
  before: RunFigures | undefined,
  shares: ShareChanges | undefined,
  base: string,
): Html {
  const { words, kind } = stateOf(run);
  const shown = run.subreddit === run.name ? `r/${run.name}` : run.name;
  const name = run.report === null ? html`${shown}` : html`<a href="${base}${run.report}">${shown}</a>`;
  const since = changesOf(run.figures, before, shares);
  const cells = columns.map(({ name, heading, show }, index) => {
    const value = run.figures?.[name];
    const shown = typeof value === 'number' ? html`${show(value)}${since[index]}` : '–';
    return html`<td role="cell" data-label="${heading}">${shown}</td>`;
  });
  return html`<tr role="row"><th role="rowheader" scope="row">${name}</th><td role="cell"><span class="state ${kind}">${words}</span>${verdictChange(run.figures, before)}</td>${cells}
<td role="cell" data-label="Time">${run.seconds === 0 ? '–' : formatSeconds(run.seconds)}</td></tr>
`;
}

function runs(
  { runs: all, previous }: BatchRecord,
  changes: BatchPageOptions['changes'],
  base: string,
): Html {
  return html`<section aria-labelledby="runs">
<h2 id="runs">Runs</h2>
<div class="scroll" role="region" aria-label="Table of runs" tabindex="0"><table class="runs" role="table" aria-label="Runs of this batch">
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Run</th><th role="columnheader" scope="col">Model</th>
${columns.map(({ heading }) => html`<th role="columnheader" scope="col">${heading}</th>`)}
<th role="columnheader" scope="col">Time</th></tr></thead>
<tbody role="rowgroup">
${all.map((run) => row(run, previous?.figures[run.name], changes.get(run.name), base))}</tbody>
</table></div>
</section>`;
}

function colophon(record: BatchRecord): Html {
  const { titlesmithVersion, shard } = record;
  const file = shard ? `batch-${shard.index}-of-${shard.count}.json` : 'batch.json';
  return html`<p class="colophon">What a model is said to do is the verdict of its report, which gives the evidence. Validation loss in nats per token of held-out titles; copies: outputs that copy a
training title, all of which are refused.${changesMethod(record)} Made by titlesmith ${visible(titlesmithVersion)}. The same figures for
programs are in <code>${file}</code>.</p>`;
}
