import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Verdict } from '../common/judgement.js';
import type { ProgressListener, WorkContext } from '../common/progress.js';
import { restoreOptions } from '../options/options.js';
import { RunFolder } from './run/run-folder.js';
import { runFiles } from './stages/descriptions.js';
import { judgeRun } from './stages/judge.js';

/** A run that is locked for review. */
export interface OpenReview {
  readonly runName: string;
  readonly folder: string;
  readonly verdicts: readonly Verdict[];
  /** The report's page; undefined where there is none. */
  readonly reportPath: string | undefined;
  /** Gives the run's lock back. */
  close(): void;
}

/**
 * Locks a run and judges its outputs anew, with the options recorded there.
 * @throws TitlesmithError when the folder is no run folder, is in use, or has no generated titles;
 * InterruptedError.
 */
export async function openReview(folder: string, context: WorkContext): Promise<OpenReview> {
  const onProgress: ProgressListener = context.onProgress;
  const run = await RunFolder.open(folder, onProgress);
  try {
    const { similarityThreshold } = restoreOptions(run.manifest.options);
    const { verdicts } = await judgeRun(run.path, similarityThreshold, context);
    const report = join(run.path, runFiles.reportPage);
    return {
      runName: run.manifest.name,
      folder: run.path,
      verdicts,
      reportPath: existsSync(report) ? report : undefined,
      close: () => run.close(),
    };
  } catch (error) {
    run.close();
    throw error;
  }
}
