import { formatBytes, formatSeconds } from '../../common/number-formats.js';
import { type StageName, stageNames } from '../../options/choices.js';
import { type OptionName, optionNames, rowOf } from '../../options/option-table.js';
import { defaultOf, formatOption } from '../../options/option-values.js';
import { openManifest, overviewOf, secondsOf, stageSeconds } from '../../pipeline/overview/run-overview.js';
import { staleStages } from '../../pipeline/run/stale-stages.js';
import type { Manifest } from '../../run/manifest.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { summarizeRun } from '../summary.js';
import type { Terminal } from '../terminal.js';
import { textTable } from '../text-table.js';
import { stateOf } from './list.js';

/** Prints what is known of a run: its state, what was chosen, each stage, what came of it, and the options that were given. */
export async function showCommand(folder: string, terminal: Terminal): Promise<ExitCode> {
  const manifest = await openManifest(folder);
  const overview = await overviewOf(folder);
  const stale = staleStages(manifest);
  const seconds = secondsOf(manifest);
  const summary = summarizeRun({ name: manifest.name, folder, manifest, seconds, overfits: false, stale });
  const options = givenOf(manifest);
  const made = `made by titlesmith ${manifest.titlesmithVersion}, ${manifest.createdAt.slice(0, 16).replace('T', ' ')} UTC`;
  const lines = [
    `${manifest.name}: ${stateOf(overview)}; ${formatBytes(overview.bytes)}, ${made}`,
    ...decisionLines(manifest),
    '',
    ...textTable(
      [['stage', 'state', 'took', 'device'], ...stageRows(manifest, stale, overview.state === 'at work')],
      ['left', 'left', 'right'],
    ).map((line) => `  ${line}`),
    '',
    ...summary.lines.slice(1),
    ...(options.length === 0 ? [] : ['', '  options that are not the defaults']),
    ...options.map(([name, value]) => `    ${formatOption(name, value)}`),
  ];
  const { counts, refusedShare, accepted, report } = summary.data;
  terminal.result(lines, {
    ...overview,
    titlesmithVersion: manifest.titlesmithVersion,
    createdAt: manifest.createdAt,
    machine: manifest.machine,
    decisions: manifest.decisions,
    seconds,
    counts,
    refusedShare,
    accepted,
    report,
    stale: stale.length > 0 ? stale : undefined,
    options: Object.fromEntries(options),
  });
  return exitCodes.done;
}

function decisionLines({ decisions }: Manifest): string[] {
  return Object.entries(decisions).flatMap(([name, decision]) => {
    if (decision === undefined) return [];
    const { choice, reason, description } = decision as NonNullable<Manifest['decisions']['model']>;
    const label = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
    const details = description === undefined ? '' : ` (${description})`;
    return [`  ${label.padEnd(16)}${choice}${details}: ${reason}`];
  });
}

/** @param isAtWork false: a stage that is said to run was killed. */
function stageRows({ stages }: Manifest, stale: readonly StageName[], isAtWork: boolean): string[][] {
  return stageNames.map((stage) => {
    const record = stages[stage];
    if (!record) return [stage, 'not begun'];
    const { status, device = '', error } = record;
    // Of one that is under way run.json says nothing yet.
    const seconds = status === 'running' ? undefined : stageSeconds(record);
    const isKilled = status === 'running' && !isAtWork;
    const state = isKilled ? 'stopped' : status === 'done' && stale.includes(stage) ? 'stale' : status;
    const took = seconds === undefined ? '' : formatSeconds(seconds);
    return [stage, error === undefined ? state : `${state}: ${error}`, took, device];
  });
}

/** The options of a run that differ from the defaults, its name left out. */
function givenOf({ options }: Manifest): [OptionName, unknown][] {
  return optionNames.flatMap((name): [OptionName, unknown][] => {
    const value = options[name];
    const isEmpty = value === undefined || value === null || (Array.isArray(value) && value.length === 0);
    if (isEmpty || name === 'runName' || name === 'runsDir' || name === 'json') return [];
    return JSON.stringify(value) === JSON.stringify(defaultOf(rowOf(name))) ? [] : [[name, value]];
  });
}
