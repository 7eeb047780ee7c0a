import { usageError } from '../../common/errors.js';
import {
  formatCount,
  formatDecimal,
  formatPercent,
  formatPerplexity,
  formatSeconds,
} from '../../common/number-formats.js';
import type { RunCounts } from '../../common/stage-counts.js';
import { type StageName, stageNames } from '../../options/choices.js';
import { type OptionName, optionNames } from '../../options/option-table.js';
import { formatOption } from '../../options/option-values.js';
import { countsOf, openManifest } from '../../pipeline/overview/run-overview.js';
import { finishedRecord, type Manifest } from '../../pipeline/run/manifest.js';
import { runFiles } from '../../pipeline/run/run-files.js';
import { verdictWords } from '../../report/verdict-words.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { firstAccepted } from '../summary.js';
import type { Terminal } from '../terminal.js';
import { textTable } from '../text-table.js';

interface Compared {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly counts: RunCounts;
  /** The first ten. */
  readonly accepted: readonly string[];
}

/** Prints runs side by side: what they are of, how well they learned, what they recite, where their options differ. */
export async function compareCommand(folders: readonly string[], terminal: Terminal): Promise<ExitCode> {
  if (folders.length < 2)
    throw usageError('compare needs two runs or more.', 'See titlesmith compare --help.');
  const runs: Compared[] = [];
  for (const folder of folders) {
    const manifest = await openManifest(folder);
    const counts = countsOf(manifest);
    runs.push({ folder, manifest, counts, accepted: counts.dedupe ? firstAccepted(folder) : [] });
  }
  const options = differingOptions(runs);
  const rows = [
    ['', ...runs.map(({ manifest }) => manifest.name)],
    ...measures.map(([label, read]) => [label, ...runs.map((run) => read(run) ?? '–')]),
    ...options.map((name) => [formatOption(name, undefined), ...runs.map((run) => givenValue(run, name))]),
  ];
  const lines = textTable(rows, ['left', ...runs.map(() => 'right' as const)]);
  const titles = runs.flatMap(({ manifest, accepted }) =>
    accepted.length === 0 ? [] : ['', `${manifest.name}:`, ...accepted.map((title) => `  ${title}`)],
  );
  const isSame = {
    heldOutTitles: haveSame(runs, 'dataset', runFiles.validation),
    tokens: haveSameTokens(runs),
  };
  const notes = [
    ...(isSame.heldOutTitles
      ? []
      : ['Their held-out titles are not the same: perplexities and verdicts are of different titles.']),
    ...(isSame.tokens ? [] : ['Their tokens are not the same: compare bits a byte, not perplexities.']),
  ];
  terminal.result([...lines, ...(notes.length === 0 ? [] : ['', ...notes]), ...titles], {
    runs: runs.map(({ folder, manifest, counts, accepted }) => ({
      name: manifest.name,
      folder,
      decisions: manifest.decisions,
      counts,
      seconds: secondsOf(manifest),
      accepted,
      options: Object.fromEntries(options.map((name) => [name, manifest.options[name] ?? null])),
    })),
    same: isSame,
  });
  return exitCodes.done;
}

const secondsOf = ({ stages }: Manifest): number =>
  Object.values(stages).reduce((sum, record) => sum + (record.seconds ?? 0), 0);

/** Whether a stage wrote the same file in all runs, or none. */
function haveSame(runs: readonly Compared[], stage: StageName, file: string): boolean {
  const hashes = runs.map(({ manifest }) => finishedRecord(manifest, stage)?.outputs?.[file]?.sha256);
  return new Set(hashes).size === 1;
}

const haveSameTokens = (runs: readonly Compared[]): boolean =>
  haveSame(runs, 'finetune', `${runFiles.checkpoint}/tokenizer.json`);

/** What is compared, and how it is said of a run; undefined where the run does not tell. */
const measures: readonly (readonly [label: string, read: (run: Compared) => string | undefined])[] = [
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
function differingOptions(runs: readonly Compared[]): OptionName[] {
  const isPlace = (name: OptionName): boolean =>
    ['runName', 'runsDir', 'json', 'overwrite', 'until'].includes(name);
  return optionNames.filter((name) => {
    const values = runs.map(({ manifest }) => JSON.stringify(manifest.options[name] ?? null));
    return !isPlace(name) && new Set(values).size > 1;
  });
}

function givenValue({ manifest }: Compared, name: OptionName): string {
  const value = manifest.options[name];
  if (value === undefined || value === null) return 'auto';
  return Array.isArray(value) ? value.join(' ') : String(value);
}
