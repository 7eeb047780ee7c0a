import { pluralize } from '../../common/number-formats.js';
import { byId } from '../../web/client/dom.js';
import type { ItemFilter, ItemList, ItemQuery, ItemState, PlacedItem } from '../review-messages.js';
import { drawState, makeRow, type Row } from './row.js';

const itemsAtOnce = 100;
/** More are loaded when fewer than this many are left below the marked one. */
const fewLeft = 30;

interface ItemListEvents {
  /** Requests outputs of the present filter. */
  readonly load: (query: Readonly<Record<keyof ItemQuery, string>>) => Promise<ItemList>;
  /** Called with each answer, after its rows are drawn. */
  readonly onLoaded: (list: ItemList) => void;
  /** Called when another row is marked, or the marked one has changed. */
  readonly onMarked: (row: Row | undefined) => void;
  readonly onError: (error: unknown) => void;
}

/** The list of outputs: the filters, the rows as far as they are loaded, and the marked one, which the keys decide on. */
export class OutputList {
  marked: Row | undefined;
  private readonly node = byId('items', HTMLOListElement);
  private readonly end = byId('end', HTMLElement);
  private readonly show = byId('show', HTMLSelectElement);
  private readonly reason = byId('reason', HTMLSelectElement);
  private readonly order = byId('order', HTMLSelectElement);
  private readonly search = byId('search', HTMLInputElement);
  private readonly listEnd = byId('list-end', HTMLElement);
  private readonly nearTheEnd = new IntersectionObserver(
    (seen) => {
      if (seen.some(({ isIntersecting }) => isIntersecting)) void this.loadMore();
    },
    { rootMargin: '600px' },
  );
  /** By the output's index. */
  private readonly rows = new Map<number, Row>();
  /** Whether there is nothing more to load: the list is complete, or being reloaded. */
  private isComplete = true;
  private isLoading = false;
  /** Whether the focus follows once there is a row to mark. */
  private wantsFocus = false;
  /** Counts reloads, so that an answer for an older list is dropped. */
  private number = 0;

  constructor(private readonly events: ItemListEvents) {
    for (const control of [this.show, this.reason, this.order])
      control.addEventListener('change', () => void this.reload());
    this.search.addEventListener('input', () => void this.reload());
    this.nearTheEnd.observe(this.listEnd);
  }

  get filter(): ItemFilter {
    return {
      show: this.show.value as ItemFilter['show'],
      reason: this.reason.value,
      search: this.search.value,
    };
  }

  /** Shows all of a state, and goes to the first. */
  showAll(show: ItemFilter['show']): void {
    this.show.value = show;
    this.reason.value = '';
    this.search.value = '';
    void this.reload(true);
  }

  row(index: number): Row | undefined {
    return this.rows.get(index);
  }

  get first(): Row | undefined {
    return this.rowAt(this.node.firstElementChild);
  }

  /** Applies the state that the server sent, unless a newer one is known. */
  apply(state: ItemState): void {
    const row = this.rows.get(state.index);
    if (!row || row.item.sequence > state.sequence) return;
    row.item = { ...row.item, ...state };
    drawState(row);
    if (row === this.marked) this.events.onMarked(row);
  }

  /** Marks the output that the keys decide on; undefined: none until more are loaded. */
  mark(row: Row | undefined, takeFocus: boolean): void {
    if (this.marked) {
      this.marked.node.removeAttribute('aria-current');
      this.marked.node.tabIndex = -1;
    }
    this.marked = row;
    this.events.onMarked(row);
    this.wantsFocus = takeFocus;
    if (!row) return void this.loadMore();
    row.node.setAttribute('aria-current', 'true');
    row.node.tabIndex = 0;
    if (takeFocus) row.node.focus({ preventScroll: true });
    row.node.scrollIntoView({ block: 'nearest' });
    if (this.rows.size - row.position < fewLeft) void this.loadMore();
  }

  /** Marks the output after, or before, the marked one. */
  step(to: 'next' | 'previous', takeFocus: boolean): void {
    const { nextElementSibling, previousElementSibling } = this.marked?.node ?? {};
    const next = this.rowAt(to === 'next' ? nextElementSibling : previousElementSibling);
    if (next) this.mark(next, takeFocus);
    // Nothing is marked until more is loaded: otherwise the next key would decide this output again.
    else if (to === 'next' && !this.isComplete) this.mark(undefined, takeFocus);
  }

  /** @param takeFocus whether the focus goes to the first output. */
  async reload(takeFocus = false): Promise<void> {
    const number = ++this.number;
    this.isComplete = true;
    try {
      const answer = await this.itemsAfter(-1);
      if (number !== this.number) return;
      this.rows.clear();
      this.node.replaceChildren();
      this.add(answer);
      this.mark(this.first, takeFocus);
    } catch (error) {
      this.events.onError(error);
    }
  }

  private async loadMore(): Promise<void> {
    if (this.isComplete || this.isLoading) return;
    this.isLoading = true;
    const number = this.number;
    const last = this.rowAt(this.node.lastElementChild);
    try {
      const answer = await this.itemsAfter(last?.item.place ?? -1);
      if (number !== this.number) return;
      this.add(answer);
      // Whoever went to the new end meanwhile is still near it: observing anew says so.
      this.nearTheEnd.unobserve(this.listEnd);
      this.nearTheEnd.observe(this.listEnd);
      if (!this.marked && last) this.mark(this.rowAt(last.node.nextElementSibling) ?? last, this.wantsFocus);
    } catch (error) {
      this.events.onError(error);
    } finally {
      this.isLoading = false;
    }
  }

  private itemsAfter(place: number): Promise<ItemList> {
    const { order } = this;
    const part = { order: order.value, after: String(place), limit: String(itemsAtOnce) };
    return this.events.load({ ...this.filter, ...part });
  }

  private add(answer: ItemList): void {
    const { found, items } = answer;
    this.isComplete = items.length < itemsAtOnce;
    this.node.append(...items.map((item) => this.addRow(item, found)));
    byId('found', HTMLOutputElement).value = pluralize(found, 'output');
    this.end.hidden = !this.isComplete;
    this.end.textContent = this.rows.size === 0 ? this.nothing : 'That is all.';
    this.events.onLoaded(answer);
  }

  private get nothing(): string {
    const { show, reason, search } = this.filter;
    return show === 'open' && reason === '' && search === '' ? 'All have been seen.' : 'Nothing here.';
  }

  private addRow(item: PlacedItem, found: number): HTMLElement {
    const row = makeRow(item, this.rows.size, found);
    row.node.addEventListener('click', () => this.mark(row, true));
    this.rows.set(item.index, row);
    drawState(row);
    return row.node;
  }

  private rowAt(node: Element | null | undefined): Row | undefined {
    return node instanceof HTMLElement ? this.rows.get(Number(node.dataset['index'])) : undefined;
  }
}
