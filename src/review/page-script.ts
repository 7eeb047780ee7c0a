/**
 * The review page's script, after src/report/pair-script.ts. Plain text for the browser. The server holds
 * the truth: a row changes when the server has said so, to this window or to another.
 */
export const reviewPageScript = `
const byId = (id) => document.getElementById(id);
const [list, trouble, end] = ['items', 'trouble', 'end'].map(byId);
const pageSize = 100;
/** More are asked for when fewer than this many are left below the marked one. */
const fewLeft = 30;

/** Names this window across reloads, so that undo goes on taking back what was decided here. */
const windowName = sessionStorage.getItem('window') ?? crypto.randomUUID();
sessionStorage.setItem('window', windowName);

const rows = new Map();
let current = null;
/** Whether no more is to be asked for: all is loaded, or a new list is on its way. */
let isComplete = true;
let request = 0;
let progress = { total: 0, decided: 0, kept: 0 };

const call = async (path, body) => {
  const headers = { 'Content-Type': 'application/json' };
  const options = body && { method: 'POST', headers, body: JSON.stringify(body) };
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error('The review has ended, or cannot be reached. Start it again in the terminal.');
  }
  const answer = await response.json();
  if (response.ok) return answer;
  if (answer.state) apply(answer.state);
  throw new Error(answer.error);
};

const say = (message) => {
  trouble.textContent = message;
  trouble.hidden = message === '';
};

const showProgress = (next) => {
  progress = next;
  byId('progress').max = Math.max(1, progress.total);
  byId('progress').value = progress.decided;
  const shown = (name) => progress[name].toLocaleString('en-US');
  byId('standing').textContent = shown('decided') + ' of ' + shown('total') + ' decided, ' + shown('kept') + ' kept';
};

const stateWords = ({ decision, kept, keepable }) => {
  const by = decision ? 'by you' : keepable ? 'by dedupe' : 'cannot be a title';
  return [kept ? 'kept' : 'refused', by];
};

const draw = (row) => {
  const { item, node } = row;
  const [word, by] = stateWords(item);
  row.state.replaceChildren(element('span', item.kept ? 'kept' : 'refused', word), element('span', 'by', by));
  node.classList.toggle('settled', item.decision !== '');
  node.classList.toggle('refused-item', !item.kept);
  if (node === current) showActions();
};

const rowOf = (item) => {
  const node = element('li', 'item');
  node.tabIndex = -1;
  node.dataset.index = item.index;
  const body = element('div', 'body', element('div', 'output', markedTitle(item.text, item.runs, 1)));
  if (item.matched) {
    const beside = element('div', 'beside', markedTitle(item.matched, item.runs, 2));
    if (item.second) beside.append(element('bdi', 'title', item.second));
    body.append(beside);
  }
  const why = [item.reason, item.evidence].filter((part) => part !== '').join(': ');
  if (why) body.append(element('div', 'why', why));
  const state = element('div', 'state');
  node.append(element('div', 'rating', shownRating(item.rating)), body, state);
  node.addEventListener('click', () => mark(node));
  const row = { item, node, state, position: rows.size };
  rows.set(item.index, row);
  draw(row);
  return node;
};

/** Takes over what the server says of an output, unless something newer is known. */
const apply = (state) => {
  const row = rows.get(state.index);
  if (!row || row.item.sequence > state.sequence) return;
  Object.assign(row.item, state);
  draw(row);
};

const currentItem = () => (current ? rows.get(Number(current.dataset.index)).item : undefined);

const showActions = () => {
  const item = currentItem();
  byId('keep').disabled = !item || !item.keepable;
  byId('refuse').disabled = !item;
};

const mark = (node, takeFocus = true) => {
  current?.removeAttribute('aria-current');
  current = node;
  showActions();
  if (!node) return void loadMore();
  node.setAttribute('aria-current', 'true');
  if (takeFocus) node.focus({ preventScroll: true });
  node.scrollIntoView({ block: 'nearest' });
  if (rows.size - rows.get(Number(node.dataset.index)).position < fewLeft) void loadMore();
};

const query = (after) => {
  const [show, reason, search] = ['show', 'reason', 'search'].map((id) => byId(id).value);
  return 'items?' + new URLSearchParams({ show, reason, search, after, limit: pageSize });
};

const add = ({ found, items, progress: next }) => {
  showProgress(next);
  isComplete = items.length < pageSize;
  list.append(...items.map(rowOf));
  const total = found.toLocaleString('en-US');
  byId('found').value = total + (found === 1 ? ' output' : ' outputs');
  end.hidden = !isComplete;
  end.textContent = list.children.length === 0 ? 'Nothing here.' : 'That is all.';
};

const reload = async () => {
  const mine = ++request;
  isComplete = true;
  try {
    const answer = await call(query(-1));
    if (mine !== request) return;
    rows.clear();
    list.replaceChildren();
    add(answer);
    mark(list.firstElementChild, false);
  } catch (error) {
    say(error.message);
  }
};

let isLoading = false;
const loadMore = async () => {
  if (isComplete || isLoading) return;
  isLoading = true;
  const mine = request;
  const last = rows.get(Number(list.lastElementChild?.dataset.index));
  try {
    const answer = await call(query(last ? last.item.place : -1));
    if (mine !== request) return;
    add(answer);
    if (!current && last) mark(last.node.nextElementSibling ?? last.node);
  } catch (error) {
    say(error.message);
  } finally {
    isLoading = false;
  }
};

/** One after the other, so that fast keys decide in their order. */
let queue = Promise.resolve();
const inTurn = (work) => {
  queue = queue.then(work).then(() => say(''), (error) => say(error.message));
  return queue;
};

const decide = (decision) => {
  const item = currentItem();
  if (!item || (decision === 'keep' && !item.keepable)) return;
  step(1);
  void inTurn(async () => {
    if (item.decision === decision) return;
    const made = { index: item.index, decision, seen: item.sequence, window: windowName };
    const { state, progress: next } = await call('decisions', made);
    apply(state);
    showProgress(next);
  });
};

const undo = () =>
  inTurn(async () => {
    const { state, progress: next } = await call('undo', { window: windowName });
    apply(state);
    showProgress(next);
    const row = rows.get(state.index);
    if (row) mark(row.node);
  });

const step = (by) => {
  const next = by > 0 ? current?.nextElementSibling : current?.previousElementSibling;
  if (next) mark(next);
  // Nothing is marked until more has come: else the next key would decide this output again.
  else if (by > 0 && !isComplete) mark(null);
};

byId('keep').addEventListener('click', () => decide('keep'));
byId('refuse').addEventListener('click', () => decide('refuse'));
byId('undo').addEventListener('click', () => void undo());
byId('show').addEventListener('change', () => void reload());
byId('reason').addEventListener('change', () => void reload());
byId('search').addEventListener('input', () => void reload());
byId('controls').addEventListener('submit', (event) => event.preventDefault());

const keys = {
  k: () => decide('keep'),
  r: () => decide('refuse'),
  u: () => void undo(),
  j: () => step(1),
  ArrowDown: () => step(1),
  i: () => step(-1),
  ArrowUp: () => step(-1),
  '/': () => byId('search').focus(),
};
document.addEventListener('keydown', (event) => {
  if (event.target.id === 'search' && event.key === 'Escape') return mark(current ?? list.firstElementChild);
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input, select')) return;
  if (!Object.hasOwn(keys, event.key)) return;
  event.preventDefault();
  keys[event.key]();
});

new IntersectionObserver((seen) => {
  if (seen.some(({ isIntersecting }) => isIntersecting)) void loadMore();
}, { rootMargin: '600px' }).observe(document.querySelector('.keys'));

const changes = new EventSource('changes');
let wasLost = false;
changes.addEventListener('message', ({ data }) => {
  const { state, progress: next } = JSON.parse(data);
  apply(state);
  showProgress(next);
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
`;
