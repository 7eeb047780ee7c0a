import { formatCount, pluralize } from '../../common/number-formats.js';
import { byId, messageOf, showTrouble } from '../../web/client/dom.js';
import { RequestError, request } from '../../web/client/request.js';
import type {
  Change,
  ConflictBody,
  DecisionRequest,
  ItemList,
  ItemState,
  Progress,
  UndoRequest,
} from '../review-messages.js';
import { drawState, type Item, makeRow, type Row } from './row.js';

/**
 * The review's page. The server has the state: a row changes only when the server says so, to this window or another.
 */

const list = byId('items', HTMLOListElement);
const trouble = byId('trouble', HTMLElement);
const end = byId('end', HTMLElement);
const search = byId('search', HTMLInputElement);
const show = byId('show', HTMLSelectElement);
const reason = byId('reason', HTMLSelectElement);
const keepButton = byId('keep', HTMLButtonElement);
const refuseButton = byId('refuse', HTMLButtonElement);

const itemsAtOnce = 100;
/** More are loaded when fewer than this many are left below the marked one. */
const fewLeft = 30;

/** Identifies this window across reloads, so that undo still takes back what was decided here. */
const windowName = sessionStorage.getItem('window') ?? crypto.randomUUID();
sessionStorage.setItem('window', windowName);

/** By the output's index. */
const rows = new Map<number, Row>();
let current: Row | undefined;

const say = (message: string): void => showTrouble(trouble, message);

async function call<Answer>(path: string, body?: DecisionRequest | UndoRequest): Promise<Answer> {
  const whenUnreachable = 'The review has ended, or cannot be reached. Start it again in the terminal.';
  try {
    const response = await request(path, { body, whenUnreachable });
    return (await response.json()) as Answer;
  } catch (error) {
    const state = error instanceof RequestError ? (error.body as ConflictBody | undefined)?.state : undefined;
    if (state) apply(state);
    throw error;
  }
}

function showProgress({ total, decided, kept }: Progress): void {
  const bar = byId('progress', HTMLProgressElement);
  bar.max = Math.max(1, total);
  bar.value = decided;
  byId('standing', HTMLElement).textContent =
    `${formatCount(decided)} of ${formatCount(total)} decided, ${formatCount(kept)} kept`;
}

function draw(row: Row): void {
  drawState(row);
  if (row === current) showActions();
}

/** Applies the state that the server sent, unless a newer one is known. */
function apply(state: ItemState): void {
  const row = rows.get(state.index);
  if (!row || row.item.sequence > state.sequence) return;
  row.item = { ...row.item, ...state };
  draw(row);
}

function showActions(): void {
  keepButton.disabled = !current?.item.keepable;
  refuseButton.disabled = current === undefined;
}

/** Marks the output that the keys decide on; undefined: none until more are loaded. */
function mark(row: Row | undefined, takeFocus = true): void {
  current?.node.removeAttribute('aria-current');
  current = row;
  showActions();
  if (!row) return void loadMore();
  row.node.setAttribute('aria-current', 'true');
  if (takeFocus) row.node.focus({ preventScroll: true });
  row.node.scrollIntoView({ block: 'nearest' });
  if (rows.size - row.position < fewLeft) void loadMore();
}

function rowAt(node: Element | null | undefined): Row | undefined {
  return node instanceof HTMLElement ? rows.get(Number(node.dataset['index'])) : undefined;
}

/** Whether there is nothing more to load: the list is complete, or being reloaded. */
let isComplete = true;
let isLoading = false;
/** Counts reloads, so that an answer for an older list is dropped. */
let listNumber = 0;

function itemsAfter(place: number): Promise<ItemList> {
  const filters = { show: show.value, reason: reason.value, search: search.value };
  const query = new URLSearchParams({ ...filters, after: String(place), limit: String(itemsAtOnce) });
  return call(`items?${query}`);
}

function addItem(item: Item): HTMLElement {
  const row = makeRow(item, rows.size);
  row.node.addEventListener('click', () => mark(row));
  rows.set(item.index, row);
  draw(row);
  return row.node;
}

function addItems({ found, items, progress }: ItemList): void {
  showProgress(progress);
  isComplete = items.length < itemsAtOnce;
  list.append(...items.map(addItem));
  byId('found', HTMLOutputElement).value = pluralize(found, 'output');
  end.hidden = !isComplete;
  end.textContent = list.children.length === 0 ? 'Nothing here.' : 'That is all.';
}

async function reload(): Promise<void> {
  const number = ++listNumber;
  isComplete = true;
  try {
    const answer = await itemsAfter(-1);
    if (number !== listNumber) return;
    rows.clear();
    list.replaceChildren();
    addItems(answer);
    mark(rowAt(list.firstElementChild), false);
  } catch (error) {
    say(messageOf(error));
  }
}

async function loadMore(): Promise<void> {
  if (isComplete || isLoading) return;
  isLoading = true;
  const number = listNumber;
  const last = rowAt(list.lastElementChild);
  try {
    const answer = await itemsAfter(last?.item.place ?? -1);
    if (number !== listNumber) return;
    addItems(answer);
    if (!current && last) mark(rowAt(last.node.nextElementSibling) ?? last);
  } catch (error) {
    say(messageOf(error));
  } finally {
    isLoading = false;
  }
}

/** Settles after the last request. Requests are sent one after the other, so that fast keys decide in order. */
let lastRequest = Promise.resolve();
function inTurn(work: () => Promise<void>): void {
  lastRequest = lastRequest.then(work).then(
    () => say(''),
    (error: unknown) => say(messageOf(error)),
  );
}

function decide(decision: DecisionRequest['decision']): void {
  const row = current;
  if (!row || (decision === 'keep' && !row.item.keepable)) return;
  step('next');
  inTurn(async () => {
    const { index, sequence: seen } = row.item;
    if (row.item.decision === decision) return;
    const { state, progress } = await call<Change>('decisions', {
      index,
      decision,
      seen,
      window: windowName,
    });
    apply(state);
    showProgress(progress);
  });
}

function undo(): void {
  inTurn(async () => {
    const { state, progress } = await call<Change>('undo', { window: windowName });
    apply(state);
    showProgress(progress);
    const row = rows.get(state.index);
    if (row) mark(row);
  });
}

function step(to: 'next' | 'previous'): void {
  const { nextElementSibling, previousElementSibling } = current?.node ?? {};
  const next = rowAt(to === 'next' ? nextElementSibling : previousElementSibling);
  if (next) mark(next);
  // Nothing is marked until more is loaded: otherwise the next key would decide this output again.
  else if (to === 'next' && !isComplete) mark(undefined);
}

keepButton.addEventListener('click', () => decide('keep'));
refuseButton.addEventListener('click', () => decide('refuse'));
byId('undo', HTMLButtonElement).addEventListener('click', undo);
show.addEventListener('change', () => void reload());
reason.addEventListener('change', () => void reload());
search.addEventListener('input', () => void reload());
byId('controls', HTMLFormElement).addEventListener('submit', (event) => event.preventDefault());

const keys = new Map<string, () => void>([
  ['k', () => decide('keep')],
  ['r', () => decide('refuse')],
  ['u', undo],
  ['j', () => step('next')],
  ['ArrowDown', () => step('next')],
  ['i', () => step('previous')],
  ['ArrowUp', () => step('previous')],
  ['/', () => search.focus()],
]);
document.addEventListener('keydown', (event) => {
  if (event.target === search && event.key === 'Escape')
    return mark(current ?? rowAt(list.firstElementChild));
  const isTyping = event.target instanceof Element && event.target.matches('input, select');
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
  const act = keys.get(event.key);
  if (!act) return;
  event.preventDefault();
  act();
});

const nearTheEnd = new IntersectionObserver(
  (seen) => {
    if (seen.some(({ isIntersecting }) => isIntersecting)) void loadMore();
  },
  { rootMargin: '600px' },
);
nearTheEnd.observe(byId('keys', HTMLElement));

const changes = new EventSource('changes');
let wasLost = false;
changes.addEventListener('message', ({ data }: MessageEvent<string>) => {
  const { state, progress } = JSON.parse(data) as Change;
  apply(state);
  showProgress(progress);
});
changes.addEventListener('error', () => {
  wasLost = true;
  say('The connection to the review is lost. Nothing decided is lost; is it still running in the terminal?');
});
changes.addEventListener('open', () => {
  if (!wasLost) return;
  wasLost = false;
  say('');
  void reload();
});

void reload();
