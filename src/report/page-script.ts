import { pairScript } from '../web/pair-script.js';

/**
 * The page's only script: search, filter, sorting and paging of all pairs. The closest are readable without
 * it. Plain text for the browser; rows are made when they are to be seen, and no markup is built from
 * titles.
 */
export const pageScript = `'use strict';
(() => {
  const table = document.getElementById('pairs-table');
  const data = document.getElementById('pairs-data');
  if (!table || !data) return;
  ${pairScript}
  const { states, matched, rows } = JSON.parse(data.textContent);
  const pairs = rows.map(([rating, text, other, state, runs, evidence = '', second = ''], order) => {
    const right = other < 0 ? '' : matched[other];
    const found = (text + '\\n' + right + '\\n' + second + '\\n' + states[state] + '\\n' + evidence).toLowerCase();
    return { rating, text, right, state, runs, evidence, second, order, found };
  });
  const body = table.tBodies[0];
  const byId = (id) => document.getElementById(id);
  const [search, filter, total, more] = ['search', 'filter', 'count', 'more'].map((name) => byId('pairs-' + name));
  const pageSize = 50;
  let fitting = pairs;

  const cell = (label, className, ...children) => {
    const made = element('td', className, ...children);
    made.setAttribute('role', 'cell');
    made.dataset.label = label;
    return made;
  };
  const rowOf = (pair) => {
    const runs = pair.runs.split(',').map(Number);
    const row = element('tr', '');
    row.setAttribute('role', 'row');
    const right = cell('Training title', '', markedTitle(pair.right, runs, 2));
    if (pair.second) right.append(' ', element('span', 'joint', 'and'), ' ', element('bdi', 'title', pair.second));
    const state = states[pair.state];
    const verdict = cell('Verdict', 'verdict', element('span', state === 'accepted' ? 'kept' : 'refused', state));
    if (pair.evidence) verdict.append(element('span', 'evidence', pair.evidence));
    row.append(
      cell('Rating', 'rating', shownRating(pair.rating)),
      cell('Output', '', markedTitle(pair.text, runs, 1)),
      right,
      verdict,
    );
    return row;
  };
  const showMore = () => {
    const start = body.rows.length;
    body.append(...fitting.slice(start, start + pageSize).map(rowOf));
    const left = fitting.length - body.rows.length;
    more.hidden = left === 0;
    more.textContent = 'Show ' + Math.min(pageSize, left) + ' more of ' + left;
  };
  const update = () => {
    const wanted = search.value.trim().toLowerCase();
    const state = filter.value === '' ? -1 : Number(filter.value);
    fitting = pairs.filter((pair) => (state < 0 || pair.state === state) && pair.found.includes(wanted));
    const all = pairs.length.toLocaleString('en-US');
    const some = fitting.length.toLocaleString('en-US');
    total.value = fitting.length === pairs.length ? all + ' outputs' : some + ' of ' + all + ' outputs';
    body.replaceChildren();
    showMore();
  };

  const collator = new Intl.Collator(undefined, { numeric: true });
  const byText = (key) => (a, b) => collator.compare(key(a), key(b));
  const orders = [
    (a, b) => a.rating - b.rating,
    byText((pair) => pair.text),
    byText((pair) => pair.right),
    byText((pair) => states[pair.state]),
  ];
  const sortBy = (header, column) => {
    const before = header.getAttribute('aria-sort');
    const down = before === 'ascending' || (before === null && header.dataset.kind === 'number');
    for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
    header.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const order = orders[column];
    pairs.sort((a, b) => (down ? order(b, a) : order(a, b)) || a.order - b.order);
    update();
  };

  Array.from(table.tHead.rows[0].cells).forEach((header, column) => {
    const button = element('button', '', header.textContent);
    button.type = 'button';
    header.replaceChildren(button);
    button.addEventListener('click', () => sortBy(header, column));
  });
  states.forEach((state, index) => {
    const option = element('option', '', state);
    option.value = index;
    filter.append(option);
  });
  search.addEventListener('input', update);
  filter.addEventListener('change', update);
  more.addEventListener('click', () => {
    const next = body.rows.length;
    showMore();
    body.rows[next]?.scrollIntoView({ block: 'nearest' });
  });
  const controls = byId('pairs-controls');
  controls.addEventListener('submit', (event) => event.preventDefault());
  controls.hidden = false;
  byId('pairs-few')?.remove();
  update();
})();
`;
