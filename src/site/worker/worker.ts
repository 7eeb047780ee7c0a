import { InterruptedError, TitlesmithError } from '../../common/errors.js';
import { MissingColumnError } from '../../data/sources/csv-layout.js';
import type { PageMessage, WorkerMessage } from '../worker-messages.js';
import { lineForPage } from './page-words.js';
import { WorkSession } from './work-session.js';

/** The page's worker: does one call after the other, and says what happens meanwhile. */

const scope = self as unknown as DedicatedWorkerGlobalScope;

const send = (message: WorkerMessage): void => scope.postMessage(message);

const session = new WorkSession((event) => send({ kind: 'event', event }));
let last: Promise<unknown> = Promise.resolve();

scope.addEventListener('message', ({ data }: MessageEvent<PageMessage>) => {
  if (data.kind === 'stop') return session.stop();
  const { id, name, asks } = data;
  last = last
    .then(() => session.answer(name, asks))
    .then(
      (answers) => send({ kind: 'answer', id, answers }),
      (error: unknown) =>
        send({
          kind: 'trouble',
          id,
          line: lineOf(error),
          stopped: error instanceof InterruptedError,
          columns: error instanceof MissingColumnError ? error.columns : [],
        }),
    );
});

/** One line for people; what is no {@link TitlesmithError} is a fault of titlesmith's, and the console has the rest. */
function lineOf(error: unknown): string {
  if (error instanceof TitlesmithError) return lineForPage(error);
  if (error instanceof DOMException && error.name === 'NotReadableError')
    return 'The file can no longer be read. Choose it again.';
  console.error(error);
  const message = error instanceof Error ? error.message : String(error);
  if (/out of memory|memory access out of bounds|Array buffer allocation failed/i.test(message))
    return 'This browser has too little memory for that. Close other tabs, or learn from fewer titles, and try again.';
  return `Something went wrong that titlesmith did not foresee: ${message}. Load the page again; what was saved is still there.`;
}
