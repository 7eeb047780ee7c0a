import { formatDecimal } from '../../common/number-formats.js';
import { element } from '../../web/client/dom.js';
import { markedTitle } from '../../web/client/marked-title.js';
import type { ItemState, ReviewItem } from '../review-messages.js';

export type Item = ReviewItem & ItemState;

/** An output in the list. */
export interface Row {
  item: Item;
  readonly node: HTMLElement;
  /** Shows whether the output is kept. */
  readonly state: HTMLElement;
  /** Its place in the list, from 0. */
  readonly position: number;
}

/** A row without its state, which {@link drawState} adds. */
export function makeRow(item: Item, position: number): Row {
  const node = element('li', 'item');
  node.tabIndex = -1;
  node.dataset['index'] = String(item.index);
  const output = element('div', 'output', markedTitle(item.text, item.runs, 'first'));
  const body = element('div', 'body', output);
  if (item.matched !== '') {
    const beside = element('div', 'beside', markedTitle(item.matched, item.runs, 'second'));
    if (item.second !== '') beside.append(element('bdi', 'title', item.second));
    body.append(beside);
  }
  const why = [item.reason, item.evidence].filter((part) => part !== '').join(': ');
  if (why !== '') body.append(element('div', 'why', why));
  const state = element('div', 'state');
  node.append(element('div', 'rating', formatDecimal(item.rating)), body, state);
  return { item, node, state, position };
}

/** Shows whether an output is kept, and by whom. */
export function drawState({ item, node, state }: Row): void {
  const { decision, kept, keepable } = item;
  const by = decision !== '' ? 'by you' : keepable ? 'by dedupe' : 'cannot be a title';
  state.replaceChildren(
    element('span', kept ? 'kept' : 'refused', kept ? 'kept' : 'refused'),
    element('span', 'by', by),
  );
  node.classList.toggle('settled', decision !== '');
  node.classList.toggle('refused-item', !kept);
}
