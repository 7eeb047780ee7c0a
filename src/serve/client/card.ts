import { formatDecimal } from '../../common/number-formats.js';
import { element } from '../../web/client/dom.js';
import { markedTitle } from '../../web/client/marked-title.js';
import type { ClosestTitle, ShownText, TextRejection } from '../page/page-messages.js';
import { savePicture } from './picture.js';

const confirmationMs = 1500;

/** Shows a word on a button for a moment. */
function confirmOn(button: HTMLButtonElement, word: string): void {
  const before = button.dataset['word'] ?? button.textContent ?? '';
  button.dataset['word'] = before;
  button.textContent = word;
  setTimeout(() => {
    button.textContent = before;
  }, confirmationMs);
}

/** Copies a text to the clipboard, and shows on the button whether that was allowed. */
export async function copyText(button: HTMLButtonElement, text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    confirmOn(button, 'Copied');
  } catch {
    confirmOn(button, 'Not allowed');
  }
}

/** How a refused text and the title beside it go together, where the text is no copy of a training title. */
const relations: Readonly<Record<string, string>> = {
  'held-out title': 'Most like this training title:',
  canary: 'The planted title it resembles:',
};

/** One text on the page, while it streams in and when it is finished. */
export class Card {
  readonly node: HTMLElement;
  /** The text so far. */
  text = '';
  isFinished = false;
  /** Whether the finished text copies a training title. */
  isCopied = false;
  /** Why the finished text is refused; empty where it is not. */
  refusal = '';
  private readonly shownText = element('p', 'text');
  private readonly state = element('div', 'state', 'waiting …');
  private readonly foot = element('div', 'foot', this.state);

  /**
   * @param number of the card, in the accessible names of its buttons.
   * @param isNamed whether the card shows the model's name.
   */
  constructor(
    private readonly number: number,
    private readonly modelName: string,
    isNamed: boolean,
  ) {
    this.shownText.dir = 'auto';
    if (isNamed) this.foot.prepend(element('bdi', 'model', modelName));
    this.node = element('li', 'card coming', this.shownText, this.foot);
  }

  /** Adds streamed text. */
  append(delta: string): void {
    this.text += delta;
    this.shownText.textContent = this.text;
    this.state.textContent = 'writing …';
  }

  /** Shows the whole text, and what it resembles. */
  finish({ text, finishReason, copy, isCopied = false, closest }: ShownText): void {
    this.text = text;
    this.isFinished = true;
    this.shownText.textContent = text;
    this.node.classList.remove('coming');
    const ended = finishReason === 'length' ? 'cut at its longest' : '';
    if (copy) this.showRejection(copy, isCopied, closest);
    else if (copy === null) this.showNew(closest, ended);
    else this.state.textContent = ended;
    this.addButtons();
  }

  /** Ends a card whose text will not be finished. */
  abandon(): void {
    if (this.isFinished) return;
    this.node.classList.remove('coming');
    this.node.classList.add('gone');
    this.state.textContent = 'stopped';
    if (this.text === '') this.node.remove();
    else this.addButtons();
  }

  private showNew(closest: ClosestTitle | undefined, ended: string): void {
    const likeness = closest
      ? `closest training title rated ${formatDecimal(closest.rating)}`
      : 'like no training title';
    this.state.replaceChildren(
      element('strong', '', 'new'),
      `: ${[likeness, ended].filter((part) => part !== '').join(', ')}`,
    );
  }

  private showRejection(
    { reason, evidence, second }: TextRejection,
    isCopied: boolean,
    closest: ClosestTitle | undefined,
  ): void {
    this.refusal = reason;
    this.state.replaceChildren(element('strong', '', reason), evidence === '' ? '' : `: ${evidence}`);
    if (!isCopied) {
      this.node.classList.add('unfit');
      return;
    }
    this.isCopied = true;
    this.node.classList.add('copied');
    // A title of the base model's need not be like any that this run has learned.
    if (!closest || reason === 'base copy') return;
    const relation = relations[reason] ?? 'The training title it resembles:';
    const { title, text, runs } = closest;
    const likeness = element(
      'div',
      'likeness',
      element('p', '', relation),
      markedTitle(title, runs, 'second'),
    );
    if (second !== '') likeness.append(element('p', '', 'and'), element('bdi', 'title', second));
    this.shownText.replaceChildren(markedTitle(text, runs, 'first'));
    this.node.append(likeness);
  }

  private addButtons(): void {
    const copy = element('button', '', 'Copy');
    copy.addEventListener('click', () => void copyText(copy, this.text));
    const image = element('button', '', 'Image');
    image.addEventListener('click', () => void savePicture([this.text], this.modelName));
    for (const button of [copy, image]) {
      button.type = 'button';
      button.setAttribute('aria-label', `${button.textContent} text ${this.number}`);
      this.foot.append(button);
    }
  }
}
