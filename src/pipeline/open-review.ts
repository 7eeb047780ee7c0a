import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TitlesmithError } from '../common/errors.js';
import type { Verdict } from '../common/judgement.js';
import type { WorkContext } from '../common/progress.js';
import { checkArgument, completeContext, isText } from '../options/call-arguments.js';
import { recordFiles } from './run/fingerprint.js';
import { readJudgement } from './run/judgement-file.js';
import { restoreStageOptions } from './run/recorded-options.js';
import { runFiles } from './run/run-files.js';
import { RunFolder } from './run/run-folder.js';
import { assertInputs, isUpToDate } from './stage-work.js';
import { stageDescriptions } from './stages/registry.js';

/** A run locked for review. */
interface OpenReview {
  readonly runName: string;
  readonly folder: string;
  readonly verdicts: readonly Verdict[];
  /** Whether the verdicts are of titles as they were earlier. */
  readonly isStale: boolean;
  /** Path of report.html; undefined if there is none. */
  readonly reportPath: string | undefined;
  /** Aborted when another process takes over the run's lock. */
  readonly lost: AbortSignal;
  /** To be called once decisions have changed accepted.txt and rejected.csv, so that they count as the run's own. */
  recordLists(): Promise<void>;
  /** Releases the run's lock. */
  close(): Promise<void>;
}

/**
 * Locks a run and reads the verdicts on its outputs. Nothing is written; a warning says if the verdicts are out of date.
 * @throws TitlesmithError when the folder is not a run folder, is in use, or its titles have not been judged.
 */
export async function openReview(folder: string, given: Partial<WorkContext> = {}): Promise<OpenReview> {
  checkArgument('openReview', 'folder', folder, isText);
  const { onProgress } = completeContext<WorkContext>('openReview', given);
  const run = await RunFolder.open(folder, onProgress, 'reviewed');
  try {
    const { manifest, path } = run;
    const again = `"titlesmith dedupe ${path}"`;
    if (!existsSync(join(path, runFiles.judgement))) {
      assertInputs('dedupe', path);
      throw new TitlesmithError(
        `${join(path, runFiles.judgement)} is missing: its titles are not judged yet.`,
        {
          code: 'judgement-missing',
          hint: `Run ${again} first.`,
        },
      );
    }
    const { verdicts } = await readJudgement(path);
    const options = restoreStageOptions(manifest, 'dedupe');
    const state = { folder: run, options, decisions: manifest.decisions };
    const isStale = !(await isUpToDate('dedupe', runFiles.judgement, state));
    if (isStale) {
      const message = `The verdicts are of earlier titles of this run. To judge those it has now, run ${again} first.`;
      onProgress({ kind: 'warning', message });
    }
    const report = join(path, runFiles.reportPage);
    return {
      runName: manifest.name,
      folder: path,
      verdicts,
      isStale,
      reportPath: existsSync(report) ? report : undefined,
      lost: run.lost,
      recordLists: async () =>
        run.recordOutputs('dedupe', await recordFiles(path, stageDescriptions.dedupe.outputs)),
      close: () => run.close(),
    };
  } catch (error) {
    await run.close();
    throw error;
  }
}
