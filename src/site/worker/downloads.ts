import type { BrowserRun } from '../../browser/run/browser-run.js';
import { readTextOf } from '../../browser/storage/stored-text.js';
import { TitlesmithError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import { runFiles } from '../../run/run-files.js';
import type { DownloadKind, WorkerCalls } from '../worker-messages.js';

/** What is saved as a file, from a run. @throws TitlesmithError where the run has none yet. */
export async function downloadOf(
  run: BrowserRun,
  kind: DownloadKind,
  context: WorkContext,
): Promise<WorkerCalls['download']['answers']> {
  switch (kind) {
    case 'accepted':
      return textFile(run, runFiles.accepted, `${run.name}.txt`, 'text/plain');
    case 'report':
      return textFile(run, runFiles.reportPage, `${run.name}-report.html`, 'text/html');
    case 'archive':
      return { name: `${run.name}.tar.gz`, content: await run.pack(context) };
  }
}

async function textFile(
  run: BrowserRun,
  path: string,
  name: string,
  type: string,
): Promise<WorkerCalls['download']['answers']> {
  const text = await readTextOf(run.files, path);
  if (text !== undefined) return { name, content: new Blob([text], { type: `${type};charset=utf-8` }) };
  throw new TitlesmithError(`${run.name} has no ${path} yet.`, {
    code: 'stage-input-missing',
    hint: 'Let it write titles first.',
  });
}
