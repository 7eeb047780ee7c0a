import { formatCount, pluralize } from '../../common/number-formats.js';
import { byId, element } from '../../web/client/dom.js';
import { markedTitle } from '../../web/client/marked-title.js';
import type { ShownText, TextsWish, Verdict } from '../worker-messages.js';
import { announce, refreshButtons } from './busy.js';

/** What a person asks for, and the titles that the model writes. */

const model = byId('model', HTMLSelectElement);
const list = byId('text-list', HTMLOListElement);
const hide = byId('hide-refused', HTMLInputElement);
const state = byId('writing-state', HTMLElement);
const bar = byId('writing-bar', HTMLProgressElement);
const seed = byId('seed', HTMLInputElement);
const sliders = [
  'count',
  'temperature',
  'top-k',
  'top-p',
  'min-p',
  'typical-p',
  'repetition-penalty',
  'length',
] as const;

const slider = (id: (typeof sliders)[number]): number => byId(id, HTMLInputElement).valueAsNumber;

/** The titles that are shown, and the form. */
export class TextsPanel {
  private texts: readonly ShownText[] = [];

  constructor() {
    for (const id of sliders) {
      const input = byId(id, HTMLInputElement);
      const shown = byId(`${id}-value`, HTMLOutputElement);
      input.addEventListener('input', () => {
        shown.value = input.valueAsNumber.toLocaleString('en-US');
      });
    }
    hide.addEventListener('change', () => list.classList.toggle('hide-refused', hide.checked));
    const copy = byId('copy-texts', HTMLButtonElement);
    copy.addEventListener('click', () => void this.copy(copy));
  }

  /** The models to choose from: the base, and what a run has trained. */
  offer(run: { readonly id: string; readonly name: string } | undefined): void {
    for (const option of [...model.options]) if (option.value !== '') option.remove();
    if (run) {
      model.append(new Option(`the model trained on ${run.name}`, run.id));
      model.value = run.id;
    }
    byId('write-help', HTMLElement).textContent = run
      ? 'Ask for as many as you like, as often as you like.'
      : 'Learn first, or see what the model writes as it came: titles like those of Reddit, not like yours.';
  }

  /** What the form says; undefined where a number is out of its bounds, which the browser then shows. */
  wish(): TextsWish | undefined {
    if (!byId('write-form', HTMLFormElement).reportValidity()) return undefined;
    return {
      run: model.value === '' ? undefined : model.value,
      count: slider('count'),
      temperature: slider('temperature'),
      topK: slider('top-k'),
      topP: slider('top-p'),
      minP: slider('min-p'),
      typicalP: slider('typical-p'),
      repetitionPenalty: slider('repetition-penalty'),
      length: slider('length'),
      prefix: byId('prefix', HTMLInputElement).value,
      seed: seed.value === '' ? undefined : seed.valueAsNumber,
    };
  }

  begin(line: string): void {
    byId('writing', HTMLElement).hidden = false;
    state.textContent = line;
    bar.hidden = false;
    bar.removeAttribute('value');
  }

  progress(line: string, done: number, total: number | undefined): void {
    state.textContent = line;
    if (total === undefined || total === 0) bar.removeAttribute('value');
    else bar.value = done / total;
  }

  /** Adds a text that was just written. */
  add(text: ShownText): void {
    byId('texts', HTMLElement).hidden = false;
    list.prepend(item(text));
  }

  /** Shows these texts alone, new ones first. @param verdict on the model; undefined where there is none. */
  show(texts: readonly ShownText[], line: string, verdict?: Verdict['verdict']): void {
    this.texts = texts;
    // Green says that they are good to have; what has learned too little writes those of others.
    list.classList.toggle('judged', verdict === 'healthy' || verdict === 'leans');
    byId('to-verdict', HTMLElement).hidden = verdict === undefined;
    byId('texts', HTMLElement).hidden = texts.length === 0;
    byId('writing', HTMLElement).hidden = line === '';
    bar.hidden = true;
    state.textContent = line;
    const isRefused = (text: ShownText): boolean => text.state === 'refused';
    const sorted = [...texts.filter((text) => !isRefused(text)), ...texts.filter(isRefused)];
    list.replaceChildren(...sorted.map(item));
    if (line !== '') announce(line);
    refreshButtons();
  }

  private async copy(button: HTMLButtonElement): Promise<void> {
    const lines = this.texts.filter(({ state: verdict }) => verdict !== 'refused').map(({ text }) => text);
    try {
      await navigator.clipboard.writeText(lines.join('\n'));
      announce(`${pluralize(lines.length, 'title')} copied.`);
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Not allowed';
    }
    setTimeout(() => {
      button.textContent = 'Copy all';
    }, 1500);
  }
}

/** How many are new and how many refused, in a sentence. */
export function textsInWords(texts: readonly ShownText[]): string {
  const refused = texts.filter(({ state: verdict }) => verdict === 'refused').length;
  const others = pluralize(texts.length - refused, 'new title');
  return refused === 0
    ? `${others}.`
    : `${others}; ${formatCount(refused)} more refused, shown last with the reason.`;
}

/** Reasons to refuse a text, as people say them. */
const reasons: Readonly<Record<string, string>> = {
  blank: 'empty',
  'broken text': 'broken characters',
  'exact copy': 'a title it learned from, word for word',
  'near copy': 'nearly a title it learned from',
  'disguised copy': 'a title it learned from, written otherwise',
  'partial copy': 'a part of a title it learned from',
  'glued copy': 'glued together of two titles it learned from',
  'held-out title': 'a title that was held back',
  'base copy': 'a title that the model knew before it came here',
  repeat: 'said before',
  'near repeat': 'nearly said before',
};

function item({ text, state: verdict, reason, evidence, matched }: ShownText): HTMLElement {
  if (verdict !== 'refused') return element('li', verdict, element('bdi', 'title', text));
  const why = element('p', 'why', element('strong', '', `Refused: ${reasons[reason ?? ''] ?? reason ?? ''}`));
  if (matched) why.append(markedTitle(matched.title, matched.runs, 'second'));
  else if (evidence !== undefined) why.append(` (${evidence})`);
  const shown = matched ? markedTitle(matched.text, matched.runs, 'first') : element('bdi', 'title', text);
  return element('li', 'refused-text', shown, why);
}
