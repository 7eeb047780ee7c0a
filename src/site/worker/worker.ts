import { InterruptedError, TitlesmithError } from '../../common/errors.js';
import { MissingColumnError } from '../../data/sources/csv-layout.js';
import type { PageMessage, WorkerMessage } from '../worker-messages.js';
import { lineForPage } from './page-words.js';
import { WorkSession } from './work-session.js';

/** The page's worker: does what the page asks, and says what happens meanwhile. */

const scope = self as unknown as DedicatedWorkerGlobalScope;

const send = (message: WorkerMessage): void => scope.postMessage(message);

const session = new WorkSession((event) => send({ kind: 'event', event }));

scope.addEventListener('message', ({ data }: MessageEvent<PageMessage>) => {
  if (data.kind === 'stop') return session.stop();
  const { id, name, asks } = data;
  session.call(name, asks).then(
    (answers) => send({ kind: 'answer', id, answers }),
    (error: unknown) =>
      send({
        kind: 'trouble',
        id,
        line: lineOf(error),
        stopped: error instanceof InterruptedError,
        isBroken: isBroken(error),
        columns: error instanceof MissingColumnError ? error.columns : [],
      }),
  );
});

/** What a file that a person chose is once it was changed or moved. */
const isUnreadable = (error: unknown): boolean =>
  error instanceof DOMException && error.name === 'NotReadableError';

/**
 * Whether the worker is of no more use: its memory is used up and never shrinks, or what it holds cannot be told. The page then begins another.
 */
function isBroken(error: unknown): boolean {
  if (error instanceof TitlesmithError) return error.code === 'device-memory';
  return !isUnreadable(error);
}

/** One line for people; what is no {@link TitlesmithError} is a fault of titlesmith's, and the console has the rest. */
function lineOf(error: unknown): string {
  if (error instanceof TitlesmithError) return lineForPage(error);
  if (isUnreadable(error)) return 'The file can no longer be read. Choose it again.';
  console.error(error);
  const message = error instanceof Error ? error.message : String(error);
  if (/out of memory|memory access out of bounds|Array buffer allocation failed/i.test(message))
    return 'This browser has too little memory for that. Close other tabs, or learn from fewer titles, and try again; what was saved is still there.';
  return `Something went wrong that titlesmith did not foresee: ${message}. What was saved is still there: try again.`;
}
