import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Verdict } from '../common/judgement.js';
import { checkArgument, completeContext, isText } from '../options/call-arguments.js';
import { restoreOptions } from '../options/option-values.js';
import { readJudgement } from './run/judgement-file.js';
import { runFiles } from './run/run-files.js';
import { RunFolder } from './run/run-folder.js';
import { ensureJudgement } from './run-stages.js';
import type { StageContext } from './stages/stage.js';

/** A run locked for review. */
interface OpenReview {
  readonly runName: string;
  readonly folder: string;
  readonly verdicts: readonly Verdict[];
  /** Path of report.html; undefined if there is none. */
  readonly reportPath: string | undefined;
  /** Aborted when another process takes over the run's lock. */
  readonly lost: AbortSignal;
  /** Releases the run's lock. */
  close(): void;
}

/**
 * Locks a run and reads the verdicts on its outputs. If they are missing or out of date, the dedupe stage runs first, with
 * the options recorded in the run.
 * @throws TitlesmithError when the folder is not a run folder, is in use, or has no generated titles; InterruptedError.
 */
export async function openReview(folder: string, given: Partial<StageContext> = {}): Promise<OpenReview> {
  checkArgument('openReview', 'folder', folder, isText);
  const context = completeContext<StageContext>('openReview', given);
  const run = await RunFolder.open(folder, context.onProgress, 'reviewed');
  try {
    const { name: runName, options, decisions } = run.manifest;
    await ensureJudgement({ folder: run, options: restoreOptions(options), decisions }, context);
    const { verdicts } = await readJudgement(run.path);
    const report = join(run.path, runFiles.reportPage);
    return {
      runName,
      folder: run.path,
      verdicts,
      reportPath: existsSync(report) ? report : undefined,
      lost: run.lost,
      close: () => run.close(),
    };
  } catch (error) {
    run.close();
    throw error;
  }
}
