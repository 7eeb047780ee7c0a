import { formatCount, pluralize } from '../../common/number-formats.js';
import { byId, element } from '../../web/client/dom.js';
import { addGeneration, type Generation, parseGenerations } from '../page/generations.js';

const storageKey = 'titlesmith generations';
const longestPrompt = 60;

/** Earlier generations: kept by this browser, for all models of this server's address, until they are cleared. */
export class HistoryList {
  private readonly place = byId('history', HTMLDetailsElement);
  private readonly list = byId('generations', HTMLOListElement);

  /** @param onUse asked to set the page to what an earlier generation was made with. */
  constructor(private readonly onUse: (generation: Generation) => void) {
    byId('clear-history', HTMLButtonElement).addEventListener('click', () => {
      this.keep([]);
      byId('standing', HTMLElement).textContent = 'The history is cleared.';
      byId('prompt', HTMLTextAreaElement).focus();
    });
    // Another window has generated, or cleared.
    window.addEventListener('storage', ({ key }) => {
      if (key === storageKey || key === null) this.show();
    });
    this.show();
  }

  add(generation: Generation): void {
    this.keep(addGeneration(generation, this.kept()));
  }

  private kept(): readonly Generation[] {
    try {
      return parseGenerations(localStorage.getItem(storageKey));
    } catch {
      // The browser lets no page keep anything.
      return [];
    }
  }

  private keep(generations: readonly Generation[]): void {
    try {
      if (generations.length === 0) localStorage.removeItem(storageKey);
      else localStorage.setItem(storageKey, JSON.stringify(generations));
    } catch {
      byId('history-help', HTMLElement).textContent =
        'This browser does not let the page keep earlier texts.';
    }
    this.show();
  }

  private show(): void {
    const generations = this.kept();
    this.place.hidden = generations.length === 0;
    byId('history-count', HTMLElement).textContent = `(${formatCount(generations.length)})`;
    this.list.replaceChildren(...generations.map((generation) => this.item(generation)));
  }

  private item(generation: Generation): HTMLElement {
    const { at, model, texts, settings } = generation;
    const prompt = new URLSearchParams(settings.slice(1)).get('prompt') ?? '';
    const shown = prompt.length > longestPrompt ? `${prompt.slice(0, longestPrompt)}…` : prompt;
    const time = element('time', '', new Date(at).toLocaleString());
    time.dateTime = at;
    const name = element('bdi', '', shown === '' ? 'Without a beginning' : shown);
    const facts = element(
      'span',
      'meaning',
      ` ${pluralize(texts.length, 'text')}, `,
      element('bdi', '', model),
      ', ',
      time,
    );
    const use = element('button', '', 'Use these settings');
    use.type = 'button';
    use.addEventListener('click', () => this.onUse(generation));
    const items = texts.map(({ text, refused }) =>
      element(
        'li',
        '',
        element('bdi', '', text),
        ...(refused === '' ? [] : [element('span', 'refused', ` ${refused}`)]),
      ),
    );
    const details = element(
      'details',
      '',
      element('summary', '', name, facts),
      element('ul', '', ...items),
      use,
    );
    return element('li', '', details);
  }
}
