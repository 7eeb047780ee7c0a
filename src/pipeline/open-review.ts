import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Judgement, Verdict } from '../common/judgement.js';
import { makeTemporaryFolder } from '../io/folders.js';
import { checkArgument, completeContext, isText } from '../options/call-arguments.js';
import { restoreStageOptions } from '../run/recorded-options.js';
import { runFiles } from '../run/run-files.js';
import { stageDescriptions } from '../run/stage-descriptions.js';
import { recordFiles } from './run/fingerprint.js';
import { readJudgement } from './run/judgement-file.js';
import { RunFolder } from './run/run-folder.js';
import { assertInputs, isUpToDate, type RunState } from './stage-work.js';
import type { StageContext } from './stages/stage.js';
import { runInThread } from './stages/stage-thread.js';

/** A run locked for review. */
interface OpenReview {
  readonly runName: string;
  readonly folder: string;
  readonly verdicts: readonly Verdict[];
  /** Rating from which a text counts as a near copy. */
  readonly threshold: number;
  /** Whether accepted.txt and rejected.csv are of titles or options as they were earlier. */
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
 * Locks a run and reads the verdicts on its outputs. If they are missing or out of date, its titles are judged for this
 * review alone: nothing is written to the run before a decision is made.
 * @throws TitlesmithError when the folder is not a run folder, is in use, or has no generated titles; InterruptedError.
 */
export async function openReview(folder: string, given: Partial<StageContext> = {}): Promise<OpenReview> {
  checkArgument('openReview', 'folder', folder, isText);
  const context = completeContext<StageContext>('openReview', given);
  const run = await RunFolder.open(folder, context.onProgress, 'reviewed');
  try {
    const { manifest, path } = run;
    assertInputs('dedupe', path);
    const options = restoreStageOptions(manifest, 'dedupe');
    const state = { folder: run, options, decisions: manifest.decisions };
    const isStale = !(await isUpToDate('dedupe', runFiles.judgement, state));
    const { verdicts, rules } = isStale ? await judgeForReview(state, context) : await readJudgement(path);
    const report = join(path, runFiles.reportPage);
    return {
      runName: manifest.name,
      folder: path,
      verdicts,
      threshold: rules.threshold,
      isStale,
      reportPath: existsSync(report) ? report : undefined,
      lost: run.lost,
      recordLists: async () => {
        if (isStale) return;
        await run.recordOutputs('dedupe', await recordFiles(path, stageDescriptions.dedupe.outputs));
      },
      close: () => run.close(),
    };
  } catch (error) {
    await run.close();
    throw error;
  }
}

/** Runs the dedupe stage into a folder of the system's for temporary files. */
async function judgeForReview(run: RunState, context: StageContext): Promise<Judgement> {
  const { path, manifest } = run.folder;
  const isThere = existsSync(join(path, runFiles.judgement));
  const why = isThere ? 'is not of the run as it is now' : 'is not there yet';
  const keep = `to keep the verdicts, run "titlesmith dedupe ${path}"`;
  const message = `${runFiles.judgement} ${why}: its titles are judged for this review alone; ${keep}`;
  context.onProgress({ kind: 'warning', message });
  const folder = await makeTemporaryFolder('review');
  try {
    const job = {
      stage: 'dedupe',
      folder: path,
      work: folder,
      preparation: folder,
      runName: manifest.name,
      options: run.options,
      decisions: run.decisions,
      counts: {},
      resume: false,
      beginsWithCheckpoint: false,
      startOver: false,
    } as const;
    await runInThread(job, context, async () => {});
    return await readJudgement(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
