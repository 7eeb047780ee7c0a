import { nearWords } from '../../common/nearest-word.js';
import { bareSubreddit } from '../../common/subreddit-name.js';
import { byId } from '../../web/client/dom.js';
import { enableWhenIdle } from './busy.js';

/** The part of the page that asks for titles of a community, without titles of a person's own. */

const field = byId('community', HTMLInputElement);
const list = byId('community-list', HTMLDataListElement);

/** Most names that a complaint lists. */
const mostNear = 3;

/** @param onAsk is called with the name of a community that the model knows, in lower case. */
export function listenForCommunity(onAsk: (name: string) => void): void {
  const names = [...list.options].map(({ value }) => value);
  enableWhenIdle(byId('write-at-once', HTMLButtonElement));
  field.addEventListener('input', () => field.setCustomValidity(complaint(names)));
  byId('community-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    onAsk(typed());
  });
}

/** The name in the field as the model knows it, however it is written. */
const typed = (): string => bareSubreddit(field.value.trim());

/** What the browser says of a name that the model does not know; empty where it does, or nothing was typed. */
function complaint(names: readonly string[]): string {
  const name = typed();
  if (name === '' || names.includes(name)) return '';
  const near = nearWords(name, names, mostNear);
  const advice =
    near.length > 0
      ? `Did you mean ${near.join(' or ')}?`
      : 'Choose one of the list, or let the model learn titles of it below.';
  return `The model does not know the community ${name}. ${advice}`;
}
