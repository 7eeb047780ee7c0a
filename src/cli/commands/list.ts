import { formatBytes, formatCount, pluralize } from '../../common/number-formats.js';
import { defaultOptions } from '../../options/option-values.js';
import { listRuns } from '../../pipeline/overview/list-runs.js';
import type { RunOverview } from '../../pipeline/overview/run-overview.js';
import { verdictWords } from '../../report/verdict-words.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import type { Terminal } from '../terminal.js';
import { textTable } from '../text-table.js';

/** Prints the runs of a folder, a line each. @param folder default: where pipeline keeps them. */
export async function listCommand(folder: string | undefined, terminal: Terminal): Promise<ExitCode> {
  const place = folder ?? defaultOptions().runsDir;
  const runs = await listRuns(place);
  const bytes = runs.reduce((sum, run) => sum + run.bytes, 0);
  const lines = textTable(
    [['run', 'model', 'titles', 'size', 'last stage', 'state'], ...runs.map(rowOf)],
    ['left', 'left', 'right', 'right'],
  );
  const total = `${pluralize(runs.length, 'run')} in ${place}, ${formatBytes(bytes)}`;
  terminal.result(runs.length === 0 ? [`No runs in ${place}.`] : [...lines, '', total], {
    folder: place,
    runs,
    bytes,
  });
  return exitCodes.done;
}

function rowOf(run: RunOverview): string[] {
  const { name, model = '', titles, bytes, date = '' } = run;
  const day = date.slice(0, 16).replace('T', ' ');
  return [
    name,
    model,
    titles === undefined ? '' : formatCount(titles),
    formatBytes(bytes),
    day,
    stateOf(run),
  ];
}

/** Its verdict, if it is done; else how far it is. */
export function stateOf({ state, stage, verdict, problem }: RunOverview): string {
  if (state === 'damaged') return problem ?? state;
  if (state === 'done') return verdict ? verdictWords[verdict] : state;
  if (state === 'unfinished') return `not yet: ${stage}`;
  if (state === 'stale') return `stale from ${stage} on`;
  return stage ? `${state} in ${stage}` : state;
}
