/**
 * The page's only script: search, filter, sorting and paging of the closest pairs. Everything is readable
 * without it. Plain text for the browser; it only moves and hides rows that are there, and builds no markup
 * from titles.
 */
export const pageScript = `'use strict';
(() => {
  const table = document.getElementById('pairs-table');
  const controls = document.getElementById('pairs-controls');
  if (!table || !controls) return;
  const body = table.tBodies[0];
  const rows = Array.from(body.rows, (row) => ({ row, text: row.textContent.toLowerCase() }));
  const search = document.getElementById('pairs-search');
  const filter = document.getElementById('pairs-filter');
  const total = document.getElementById('pairs-count');
  const more = document.getElementById('pairs-more');
  let limit = 25;

  const update = () => {
    const wanted = search.value.trim().toLowerCase();
    let found = 0;
    for (const { row, text } of rows) {
      const fits = text.includes(wanted) && (filter.value === '' || row.dataset.state === filter.value);
      if (fits) found++;
      row.hidden = !fits || found > limit;
    }
    total.value = found === rows.length ? found + ' pairs' : found + ' of ' + rows.length + ' pairs';
    more.hidden = found <= limit;
    more.textContent = 'Show all ' + found;
  };

  const collator = new Intl.Collator(undefined, { numeric: true });
  const sortBy = (header, column) => {
    const numeric = header.dataset.kind === 'number';
    const before = header.getAttribute('aria-sort');
    const down = before === 'ascending' || (before === null && numeric);
    for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
    header.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const cell = ({ row }) => row.cells[column];
    const key = (entry) => (numeric ? Number(cell(entry).dataset.value) : cell(entry).textContent);
    const order = numeric ? (a, b) => key(a) - key(b) : (a, b) => collator.compare(key(a), key(b));
    rows.sort((a, b) => (down ? order(b, a) : order(a, b)));
    body.append(...rows.map(({ row }) => row));
    update();
  };

  Array.from(table.tHead.rows[0].cells).forEach((header, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = header.textContent;
    header.replaceChildren(button);
    button.addEventListener('click', () => sortBy(header, column));
  });
  search.addEventListener('input', update);
  filter.addEventListener('change', update);
  more.addEventListener('click', () => {
    limit = Infinity;
    update();
  });
  controls.addEventListener('submit', (event) => event.preventDefault());
  controls.hidden = false;
  update();
})();
`;
