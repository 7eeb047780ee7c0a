import { InterruptedError } from '../../common/errors.js';
import type { RunOptions } from '../../options/option-table.js';
import type { PipelineEvent, RunResult } from '../../pipeline/pipeline.js';
import { runPipeline } from '../../pipeline/pipeline.js';
import { type ExitCode, exitCodeOf, exitCodes } from '../exit-codes.js';
import { interruptible, stopsAfterStep } from '../interrupt.js';
import { summarizeRun } from '../summary.js';
import type { Terminal } from '../terminal.js';

/** Runs the pipeline and prints the summary of each run when it ends. */
export async function pipelineCommand(options: Partial<RunOptions>, terminal: Terminal): Promise<ExitCode> {
  return interruptible(terminal, stopsAfterStep, async ({ onProgress, signal }) => {
    const onEvent = (event: PipelineEvent): void => {
      if (event.kind === 'run') showRun(event, terminal);
      else onProgress(event);
    };
    const { runs, cost } = await runPipeline(options, { onProgress: onEvent, signal });
    if (cost !== undefined) terminal.result([cost], { cost });
    const [first] = runs;
    if (first && runs.length === 1) return codeOfOne(first);
    return codeOfSeveral(runs, terminal);
  });
}

function showRun(
  { run, result }: { readonly run?: string; readonly result: RunResult },
  terminal: Terminal,
): void {
  if (result.status === 'failed') {
    terminal.error(result.error, run === undefined ? {} : { run });
    return;
  }
  const { lines, data } = summarizeRun(result);
  terminal.result(run === undefined ? lines : [...lines, ''], data);
}

/** The exit code of a call for one run. */
function codeOfOne(result: RunResult): ExitCode {
  if (result.status === 'finished') return result.overfits ? exitCodes.overfit : exitCodes.done;
  return exitCodeOf(result.error);
}

/** Prints the outcome of several runs. @returns the exit code of the call. */
function codeOfSeveral(runs: readonly RunResult[], terminal: Terminal): ExitCode {
  if (runs.some((run) => run.status === 'failed' && run.error instanceof InterruptedError))
    return exitCodes.interrupted;
  if (runs.length === 0) return exitCodes.done;
  const failed = runs.filter(({ status }) => status === 'failed').map(({ name }) => name);
  const overfitted = runs.filter((run) => run.status === 'finished' && run.overfits).map(({ name }) => name);
  const done = runs.length - failed.length;
  const listed = (what: string, names: readonly string[]) =>
    names.length > 0 ? `; ${what}: ${names.join(', ')}` : '';
  const more = listed('failed', failed) + listed('refused for its verdict', overfitted);
  terminal.result([`${done} of ${runs.length} runs done${more}`], {
    runs: runs.length,
    done,
    failed,
    overfitted,
  });
  if (failed.length > 0) return exitCodes.failed;
  return overfitted.length > 0 ? exitCodes.overfit : exitCodes.done;
}
