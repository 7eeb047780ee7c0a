import { pluralize } from '../../common/number-formats.js';
import { byId, element } from '../../web/client/dom.js';
import type { StoredRun } from '../worker-messages.js';
import { enableWhenIdle } from './busy.js';

/** The runs that this browser keeps, and what can be done with them. */

interface RunActions {
  /** @param button the one that was pressed. */
  readonly onGoOn: (run: StoredRun, button: HTMLButtonElement) => void;
  readonly onOpen: (run: StoredRun, button: HTMLButtonElement) => void;
  readonly onRemove: (run: StoredRun) => void;
}

export function showRuns(runs: readonly StoredRun[], actions: RunActions): void {
  byId('runs', HTMLElement).hidden = runs.length === 0;
  byId('run-list', HTMLElement).replaceChildren(...runs.map((run) => row(run, actions)));
}

function row(run: StoredRun, { onGoOn, onOpen, onRemove }: RunActions): HTMLElement {
  const title = element('div', 'what', element('bdi', '', run.name), element('span', '', stateInWords(run)));
  const made = element('li', '', title);
  if (run.isAtWorkElsewhere) return made;
  if (run.state === 'unfinished')
    made.append(button('Go on', run, (pressed) => onGoOn(run, pressed), 'primary'));
  else made.append(button('Open', run, (pressed) => onOpen(run, pressed)));
  const remove = button('Remove', run, () => {
    if (remove.dataset['asked'] === 'yes') return onRemove(run);
    // A second press is the answer to the question; a dialog would stop the page.
    remove.dataset['asked'] = 'yes';
    setWord(remove, 'Really remove?', run);
    return undefined;
  });
  remove.addEventListener('blur', () => {
    delete remove.dataset['asked'];
    setWord(remove, 'Remove', run);
  });
  made.append(remove);
  return made;
}

function stateInWords({ state, texts, begun, isAtWorkElsewhere }: StoredRun): string {
  const day = new Date(begun).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
  if (isAtWorkElsewhere) return `${day}; another tab is at work on it`;
  // The steps that were made are known once it is opened.
  if (state === 'unfinished') return `${day}; stopped before it had learned to the end`;
  return `${day}; learned, ${pluralize(texts, 'title')} written`;
}

function setWord(button: HTMLButtonElement, word: string, { name }: StoredRun): void {
  button.textContent = word;
  button.setAttribute('aria-label', `${word}: ${name}`);
}

function button(
  word: string,
  run: StoredRun,
  act: (pressed: HTMLButtonElement) => void,
  kind = '',
): HTMLButtonElement {
  const made = element('button', kind);
  made.type = 'button';
  setWord(made, word, run);
  made.addEventListener('click', () => act(made));
  enableWhenIdle(made);
  return made;
}
