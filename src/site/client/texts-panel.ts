import { formatCount, pluralize } from '../../common/number-formats.js';
import { byId, element } from '../../web/client/dom.js';
import { markedTitle } from '../../web/client/marked-title.js';
import type { ShownText, TextsWish, Verdict } from '../worker-messages.js';
import { announce, refreshButtons } from './busy.js';

/** What a person asks for, and the titles that the model writes. */

const model = byId('model', HTMLSelectElement);
const list = byId('text-list', HTMLElement);
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

/** The value of a choice of the base model as it writes for a community begins so; no run's does. */
const communityMark = 'r/';

const slider = (id: (typeof sliders)[number]): number => byId(id, HTMLInputElement).valueAsNumber;

/** The titles that are shown, and the form. */
export class TextsPanel {
  private texts: readonly ShownText[] = [];
  /** The list that those being written come to. */
  private written: HTMLElement | undefined;
  private drawing = 0;

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
    for (const option of [...model.options]) if (isRun(option.value)) option.remove();
    if (run) {
      model.append(new Option(`the model trained on ${run.name}`, run.id));
      model.value = run.id;
    }
    byId('write-help', HTMLElement).textContent = run
      ? 'Ask for as many as you like, as often as you like.'
      : 'Learn first, or see what the model writes as it came: titles like those of Reddit, not like yours.';
  }

  /** Chooses the base model as it writes for a community; it stays among the choices. */
  offerCommunity(name: string): void {
    const value = `${communityMark}${name}`;
    for (const option of [...model.options]) if (option.value.startsWith(communityMark)) option.remove();
    model.append(new Option(`the model as it came, leaning to ${value}`, value));
    model.value = value;
  }

  /** What the form says; undefined where a number is out of its bounds, which the browser then shows. */
  wish(): TextsWish | undefined {
    if (!byId('write-form', HTMLFormElement).reportValidity()) return undefined;
    return {
      run: isRun(model.value) ? model.value : undefined,
      community: model.value.startsWith(communityMark) ? model.value.slice(communityMark.length) : undefined,
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
    if (!this.written?.isConnected) {
      this.written = textList('New titles, not yet compared');
      list.prepend(this.written);
    }
    this.written.prepend(item(text, 1));
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
    this.draw(texts);
    if (line !== '') announce(line);
    refreshButtons();
  }

  /** Puts up what is seen first at once, and the rest piece by piece, so that the page is never held up. */
  private draw(texts: readonly ShownText[]): void {
    clearTimeout(this.drawing);
    list.replaceChildren();
    list.setAttribute('aria-busy', 'true');
    const waiting = roundsOf(texts).flatMap(({ round, shown }) => {
      const into = textList(round === undefined ? 'New titles' : `New titles of round ${round}`);
      if (round !== undefined) list.append(element('h3', '', roundInWords(round, texts, shown)));
      list.append(into);
      return shown.map((each) => ({ ...each, into }));
    });
    let at = 0;
    const putUp = (): void => {
      for (const { into, text, count } of waiting.slice(at, at + atOnce)) into.append(item(text, count));
      at += atOnce;
      if (at < waiting.length) this.drawing = window.setTimeout(putUp);
      else list.removeAttribute('aria-busy');
    };
    putUp();
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

function isRun(choice: string): boolean {
  return choice !== '' && !choice.startsWith(communityMark);
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

/** Texts that are put up in one task of the page. */
const atOnce = 100;

/** A text, and how often it was written and refused alike. */
interface CountedText {
  readonly text: ShownText;
  readonly count: number;
}

/** Texts round by round as they come; in each those that are refused stand last, those of one wording once. */
function roundsOf(texts: readonly ShownText[]) {
  const rounds = new Map<number | undefined, ShownText[]>();
  for (const text of texts) rounds.set(text.round, [...(rounds.get(text.round) ?? []), text]);
  return [...rounds].map(([round, all]) => {
    const refused = new Map<string, ShownText[]>();
    for (const text of all)
      if (text.state === 'refused') refused.set(text.text, [...(refused.get(text.text) ?? []), text]);
    const others = all.filter(({ state: verdict }) => verdict !== 'refused');
    const shown: CountedText[] = [
      ...others.map((text) => ({ text, count: 1 })),
      ...[...refused.values()].map((alike) => ({ text: alike[0]!, count: alike.length })),
    ];
    return { round, shown };
  });
}

function roundInWords(round: number, all: readonly ShownText[], shown: readonly CountedText[]): string {
  const written = pluralize(
    shown.reduce((sum, { count }) => sum + count, 0),
    'title',
  );
  return round === all[0]?.round ? `Written last: ${written}` : `Written before, round ${round}: ${written}`;
}

function textList(label: string): HTMLElement {
  const made = element('ol', 'texts');
  made.setAttribute('aria-label', label);
  return made;
}

function item({ text, state: verdict, reason, evidence, matched }: ShownText, count: number): HTMLElement {
  if (verdict !== 'refused') return element('li', verdict, element('bdi', 'title', text));
  const why = element(
    'p',
    'why',
    element(
      'strong',
      '',
      `Refused${count === 1 ? '' : `, ${formatCount(count)} times`}: ${reasons[reason ?? ''] ?? reason ?? ''}`,
    ),
  );
  if (matched) why.append(markedTitle(matched.title, matched.runs, 'second'));
  else if (evidence !== undefined) why.append(` (${evidence})`);
  const shown = matched ? markedTitle(matched.text, matched.runs, 'first') : element('bdi', 'title', text);
  return element('li', 'refused-text', shown, why);
}
