import { formatDecimal } from '../../common/number-formats.js';
import { element } from '../../web/client/dom.js';
import { markedTitle } from '../../web/client/marked-title.js';
import type { ItemState, PlacedItem } from '../review-messages.js';

/** An output in the list. */
export interface Row {
  item: PlacedItem;
  readonly node: HTMLElement;
  /** Shows whether the output is kept. */
  readonly state: HTMLElement;
  /** Its place in the list, from 0. */
  readonly position: number;
}

/** A row without its state, which {@link drawState} adds. @param found rows of the whole list, loaded or not. */
export function makeRow(item: PlacedItem, position: number, found: number): Row {
  const node = element('li', 'item');
  node.tabIndex = -1;
  node.dataset['index'] = String(item.index);
  node.ariaPosInSet = String(position + 1);
  node.ariaSetSize = String(found);
  const output = element('div', 'output');
  output.append(
    item.text === '' ? element('span', 'meaning', 'no text') : markedTitle(item.text, item.runs, 'first'),
  );
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

/** Shows whether an output is kept, and by whom; of one that cannot be, why. */
export function drawState({ item, node, state }: Row): void {
  const { decision, kept, impossible } = item;
  const [word, by] =
    impossible === '' ? [kept ? 'kept' : 'refused', byWhom(decision)] : ['cannot be kept', impossible];
  state.replaceChildren(element('span', kept ? 'kept' : 'refused', word), element('span', 'by', by));
  node.classList.toggle('settled', decision !== '');
  node.classList.toggle('refused-item', !kept);
}

function byWhom(decision: ItemState['decision']): string {
  if (decision === 'seen') return 'by dedupe; seen';
  return decision === '' ? 'by dedupe' : 'by you';
}
