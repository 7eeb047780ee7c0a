import { formatCount, pluralize } from '../../common/number-formats.js';
import { byId, messageOf, showTrouble } from '../../web/client/dom.js';
import { RequestError, request } from '../../web/client/request.js';
import { type ReviewActions, reviewKeys } from '../review-keys.js';
import type {
  Change,
  ConflictBody,
  DecisionName,
  DecisionRequest,
  GroupRequest,
  ItemList,
  Progress,
  UndoRequest,
} from '../review-messages.js';
import { OutputList } from './item-list.js';
import type { Row } from './row.js';

/**
 * The review's page. The server has the state: a row changes only when the server says so, to this window or another.
 */

const trouble = byId('trouble', HTMLElement);
const said = byId('said', HTMLElement);
const search = byId('search', HTMLInputElement);
const help = byId('keys', HTMLDialogElement);
const keysOn = byId('keys-on', HTMLInputElement);

/** Identifies this window across reloads, so that undo still takes back what was decided here. */
const windowName = sessionStorage.getItem('window') ?? crypto.randomUUID();
sessionStorage.setItem('window', windowName);

/** {@link Progress.sequence} that this window knows of. */
let sequence = 0;

const complain = (error: unknown): void => showTrouble(trouble, messageOf(error));

/** Says what came of an action, to be seen and heard. */
function say(message: string): void {
  said.textContent = message;
}

async function call<Answer>(
  path: string,
  body?: DecisionRequest | GroupRequest | UndoRequest,
): Promise<Answer> {
  const whenUnreachable = 'The review has ended, or cannot be reached. Start it again in the terminal.';
  try {
    const response = await request(path, { body, whenUnreachable });
    return (await response.json()) as Answer;
  } catch (error) {
    const state = error instanceof RequestError ? (error.body as ConflictBody | undefined)?.state : undefined;
    if (state) list.apply(state);
    throw error;
  }
}

const list = new OutputList({
  load: (query) => call<ItemList>(`items?${new URLSearchParams(query)}`),
  onLoaded: ({ found, progress }) => {
    showProgress(progress);
    const isNone = found === 0 || list.filter.show === 'impossible';
    for (const name of ['keepAll', 'refuseAll', 'seeAll'] as const) setEnabled(name, !isNone);
  },
  onMarked: (row) => {
    const isPossible = row !== undefined && row.item.impossible === '';
    for (const name of ['keep', 'refuse', 'seen'] as const) setEnabled(name, isPossible);
  },
  onError: complain,
});

/** A button that can do nothing keeps the focus, and says so. */
function setEnabled(name: string, isEnabled: boolean): void {
  byId(name, HTMLButtonElement).ariaDisabled = isEnabled ? null : 'true';
}

function showProgress(progress: Progress): void {
  const { total, decided, seen, kept, impossible } = progress;
  sequence = Math.max(sequence, progress.sequence);
  const bar = byId('progress', HTMLProgressElement);
  bar.max = Math.max(1, total);
  bar.value = decided + seen;
  const alsoSeen = seen === 0 ? '' : `, ${formatCount(seen)} seen`;
  byId('standing', HTMLElement).textContent =
    `${formatCount(decided)} of ${formatCount(total)} decided${alsoSeen}, ${formatCount(kept)} kept`;
  const leftOut = byId('left-out', HTMLElement);
  leftOut.hidden = impossible === 0 || list.filter.show === 'impossible';
  leftOut.firstElementChild!.textContent = `${pluralize(impossible, 'text')} left out: they cannot be kept, whatever one decides.`;
}

function take({ states, progress }: Change): void {
  for (const state of states) list.apply(state);
  showProgress(progress);
}

/** Settles after the last request. Requests are sent one after the other, so that fast keys decide in order. */
let lastRequest = Promise.resolve();
function inTurn(work: () => Promise<void>): void {
  lastRequest = lastRequest.then(work).then(
    () => showTrouble(trouble, ''),
    (error: unknown) => {
      say('');
      complain(error);
    },
  );
}

const past: Readonly<Record<DecisionName, string>> = { keep: 'Kept', refuse: 'Refused', seen: 'Seen' };

/** @param takeFocus whether the focus goes along to the next row; from a button it stays there. */
function decide(decision: DecisionName, takeFocus: boolean): void {
  const row = list.marked;
  if (row?.item.impossible !== '') return;
  list.step('next', takeFocus);
  const next = takeFocus || list.marked === row ? undefined : list.marked;
  inTurn(async () => {
    const { index, sequence: seen } = row.item;
    if (row.item.decision !== decision)
      take(await call<Change>('decisions', { index, decision, seen, window: windowName }));
    say(`${past[decision]}.${next ? ` Next: ${next.item.text}` : ''}`);
  });
}

function decideAll(decision: DecisionName): void {
  if (list.filter.show === 'impossible') return;
  inTurn(async () => {
    const request = { decision, ...list.filter, seen: sequence, window: windowName };
    const change = await call<Change>('groups', request);
    take(change);
    say(`${past[decision]}: ${pluralize(change.states.length, 'output')}. One undo takes all back.`);
  });
}

function undo(takeFocus: boolean): void {
  inTurn(async () => {
    const change = await call<Change>('undo', { window: windowName });
    take(change);
    const rows = change.states.map(({ index }) => list.row(index)).filter((row) => row !== undefined);
    const [first] = rows.sort((one, other) => one.position - other.position);
    if (first) list.mark(first, takeFocus);
    say(`Taken back: ${takenBack(change, first)}.`);
  });
}

function takenBack({ states }: Change, first: Row | undefined): string {
  if (states.length > 1) return pluralize(states.length, 'output');
  return first ? first.item.text : 'an output that is not shown here';
}

function toggleHelp(): void {
  if (help.open) help.close();
  else help.showModal();
}

/** @param takeFocus whether the focus follows the marked row. */
function actions(takeFocus: boolean): ReviewActions {
  return {
    keep: () => decide('keep', takeFocus),
    refuse: () => decide('refuse', takeFocus),
    seen: () => decide('seen', takeFocus),
    undo: () => undo(takeFocus),
    next: () => list.step('next', takeFocus),
    previous: () => list.step('previous', takeFocus),
    keepAll: () => decideAll('keep'),
    refuseAll: () => decideAll('refuse'),
    seeAll: () => decideAll('seen'),
    search: () => search.focus(),
    help: toggleHelp,
  };
}

const byButton = actions(false);
for (const name of ['keep', 'refuse', 'seen', 'undo', 'keepAll', 'refuseAll', 'seeAll', 'help'] as const)
  byId(name, HTMLButtonElement).addEventListener('click', byButton[name]);
byId('show-impossible', HTMLButtonElement).addEventListener('click', () => list.showAll('impossible'));
byId('controls', HTMLFormElement).addEventListener('submit', (event) => event.preventDefault());

const byKey = actions(true);
document.addEventListener('keydown', (event) => {
  if (event.target === search && event.key === 'Escape') return list.mark(list.marked ?? list.first, true);
  const isTyping =
    event.target instanceof Element && event.target.matches('input:not([type=checkbox]), select');
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping || !keysOn.checked) return;
  const action = reviewKeys.find(({ keys }) => keys.includes(event.key))?.action;
  if (action === undefined || (help.open && action !== 'help')) return;
  event.preventDefault();
  byKey[action]();
});

const changes = new EventSource('changes');
let wasLost = false;
changes.addEventListener('message', ({ data }: MessageEvent<string>) => take(JSON.parse(data) as Change));
changes.addEventListener('error', () => {
  wasLost = true;
  complain(
    'The connection to the review is lost. Nothing decided is lost; is it still running in the terminal?',
  );
});
changes.addEventListener('open', () => {
  if (!wasLost) return;
  wasLost = false;
  showTrouble(trouble, '');
  void list.reload();
});

void list.reload();
