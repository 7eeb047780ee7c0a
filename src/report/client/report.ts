import { formatCount, formatDecimal } from '../../common/number-formats.js';
import { byId, element } from '../../web/client/dom.js';
import { markedTitle } from '../../web/client/marked-title.js';
import type { PairData } from '../pair-data.js';

/**
 * The report's only script: search, filter, sorting and paging of all pairs. Without it, the closest pairs are still
 * readable.
 */

/** A row of the table, as {@link PairData} has it. */
interface Pair {
  readonly rating: number;
  readonly text: string;
  readonly right: string;
  /** Index in {@link PairData.states}. */
  readonly state: number;
  readonly runs: string;
  readonly evidence: string;
  readonly second: string;
  /** Initial position in the table. */
  readonly order: number;
  /** The text that is searched, in lower case. */
  readonly searched: string;
}

const rowsOfPage = 25;

function readPairs({ states, matched, rows }: PairData): Pair[] {
  return rows.map(([rating, text, other, state, runs, evidence = '', second = ''], order) => {
    const right = matched[other] ?? '';
    const searched = [text, right, second, states[state], evidence].join('\n').toLowerCase();
    return { rating, text, right, state, runs, evidence, second, order, searched };
  });
}

function cell(label: string, className: string, ...children: readonly (Node | string)[]): HTMLElement {
  const made = element('td', className, ...children);
  made.setAttribute('role', 'cell');
  made.dataset['label'] = label;
  return made;
}

function makeRow(pair: Pair, state: string): HTMLElement {
  const runs = pair.runs.split(',').map(Number);
  const row = element('tr');
  row.setAttribute('role', 'row');
  const right = cell('Training title', '', markedTitle(pair.right, runs, 'second'));
  if (pair.second !== '')
    right.append(' ', element('span', 'joint', 'and'), ' ', element('bdi', 'title', pair.second));
  const verdict = cell(
    'Verdict',
    'verdict',
    element('span', state === 'accepted' ? 'kept' : 'refused', state),
  );
  if (pair.evidence !== '') verdict.append(element('span', 'evidence', pair.evidence));
  row.append(
    cell('Rating', 'rating', formatDecimal(pair.rating)),
    cell('Output', '', markedTitle(pair.text, runs, 'first')),
    right,
    verdict,
  );
  return row;
}

/** Replaces the static rows by all pairs, with search, filter and sorting. */
function showPairs(table: HTMLTableElement, data: PairData): void {
  const { states } = data;
  const pairs = readPairs(data);
  const stateOf = (pair: Pair): string => states[pair.state] ?? '';
  const search = byId('pairs-search', HTMLInputElement);
  const filter = byId('pairs-filter', HTMLSelectElement);
  const total = byId('pairs-count', HTMLOutputElement);
  const pager = byId('pairs-pager', HTMLElement);
  const previous = byId('pairs-previous', HTMLButtonElement);
  const next = byId('pairs-next', HTMLButtonElement);
  const shownPage = byId('pairs-page', HTMLOutputElement);
  const controls = byId('pairs-controls', HTMLFormElement);
  const body = table.tBodies[0]!;
  const headers = [...table.tHead!.rows[0]!.cells];
  let fitting: readonly Pair[] = pairs;

  let page = 0;

  const lastPage = (): number => Math.max(0, Math.ceil(fitting.length / rowsOfPage) - 1);
  const showPage = (wanted: number): void => {
    page = Math.min(Math.max(0, wanted), lastPage());
    const start = page * rowsOfPage;
    const rows = fitting.slice(start, start + rowsOfPage);
    body.replaceChildren(...rows.map((pair) => makeRow(pair, stateOf(pair))));
    pager.hidden = lastPage() === 0;
    // Not disabled, which would take the focus away from whoever pages by keyboard.
    previous.setAttribute('aria-disabled', String(page === 0));
    next.setAttribute('aria-disabled', String(page === lastPage()));
    const range = `${formatCount(start + 1)} to ${formatCount(start + rows.length)} of ${formatCount(fitting.length)}`;
    shownPage.value = `Page ${formatCount(page + 1)} of ${formatCount(lastPage() + 1)}: ${range}`;
  };
  const turnPage = (by: number): void => {
    showPage(page + by);
    if (table.getBoundingClientRect().top < 0) table.scrollIntoView({ block: 'start' });
  };
  const update = (): void => {
    const wanted = search.value.trim().toLowerCase();
    const state = filter.value === '' ? undefined : Number(filter.value);
    fitting = pairs.filter(
      (pair) => (state === undefined || pair.state === state) && pair.searched.includes(wanted),
    );
    const all = `${formatCount(pairs.length)} outputs`;
    total.value = fitting.length === pairs.length ? all : `${formatCount(fitting.length)} of ${all}`;
    showPage(0);
  };

  const collator = new Intl.Collator(undefined, { numeric: true });
  const byText =
    (key: (pair: Pair) => string) =>
    (a: Pair, b: Pair): number =>
      collator.compare(key(a), key(b));
  /** How each column sorts. */
  const orders = [
    (a: Pair, b: Pair): number => a.rating - b.rating,
    byText((pair) => pair.text),
    byText((pair) => pair.right),
    byText(stateOf),
  ];
  const sortBy = (header: HTMLTableCellElement, order: (a: Pair, b: Pair) => number): void => {
    const before = header.getAttribute('aria-sort');
    const down = before === 'ascending' || (before === null && header.dataset['kind'] === 'number');
    for (const other of headers) other.removeAttribute('aria-sort');
    header.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    pairs.sort((a, b) => (down ? order(b, a) : order(a, b)) || a.order - b.order);
    update();
  };

  for (const [column, header] of headers.entries()) {
    const button = element('button', '', header.textContent ?? '');
    button.type = 'button';
    header.replaceChildren(button);
    button.addEventListener('click', () => sortBy(header, orders[column]!));
  }
  for (const [index, state] of states.entries()) filter.append(new Option(state, String(index)));
  search.addEventListener('input', update);
  filter.addEventListener('change', update);
  previous.addEventListener('click', () => turnPage(-1));
  next.addEventListener('click', () => turnPage(1));
  controls.addEventListener('submit', (event) => event.preventDefault());
  controls.hidden = false;
  document.getElementById('pairs-few')?.remove();
  update();
}

const table = document.getElementById('pairs-table');
const data = document.getElementById('pairs-data');
// The report of a run without outputs has neither.
if (table instanceof HTMLTableElement && data)
  showPairs(table, JSON.parse(data.textContent ?? '') as PairData);
