import { byId, showTrouble } from '../../web/client/dom.js';

const trouble = byId('trouble', HTMLElement);
const status = byId('status', HTMLElement);

/** Where the line stands if nothing says better. */
const home = trouble.previousElementSibling as HTMLElement;

/**
 * Shows one line on what went wrong and what to do; an empty one hides it.
 * @param near what it is about, below which it stands.
 */
export function sayTrouble(line: string, near: HTMLElement = home): void {
  if (trouble.previousElementSibling !== near) near.after(trouble);
  showTrouble(trouble, line);
  if (line !== '') trouble.scrollIntoView({ block: 'nearest' });
}

/** Tells screen readers what has happened; sighted people see it where it happens. */
export function announce(line: string): void {
  status.textContent = line;
}

const done = byId('done', HTMLElement);

/** Says what was done where it was done, to all. An empty line hides what was said. */
export function sayDone(line: string, near?: HTMLElement): void {
  near?.after(done);
  done.textContent = line;
  done.hidden = line === '';
  if (line !== '') announce(line);
}

/** Buttons that start work, which is done by one worker, one after the other. */
const starting = new Map<HTMLButtonElement | HTMLInputElement, () => boolean>();
let isBusy = false;

/** @param isReady whether the button may be used while nothing is at work. */
export function enableWhenIdle(
  button: HTMLButtonElement | HTMLInputElement,
  isReady: () => boolean = () => true,
): void {
  starting.set(button, isReady);
  refreshButtons();
}

/** To be called when what a button needs has come or gone. */
export function refreshButtons(): void {
  for (const [button, isReady] of starting) button.disabled = isBusy || !isReady();
}

export const isAtWork = (): boolean => isBusy;

/** The buttons of a piece of work. */
interface WorkButtons {
  readonly start: HTMLButtonElement;
  /** Shown while it is at work. */
  readonly stop: HTMLButtonElement;
}

/**
 * Does one piece of work at a time.
 * @param work rejects with an error whose message is one line for people.
 * @param near what a fault is about; by default the button that starts it.
 */
export async function atWork(
  work: () => Promise<void>,
  buttons?: WorkButtons,
  near = buttons?.start.parentElement ?? undefined,
): Promise<void> {
  if (isBusy) return;
  isBusy = true;
  sayTrouble('');
  sayDone('');
  const hadFocus = document.activeElement === buttons?.start;
  refreshButtons();
  if (buttons) {
    buttons.stop.disabled = false;
    if (hadFocus) buttons.stop.focus({ preventScroll: true });
  }
  try {
    await work();
  } catch (error) {
    const line = error instanceof Error ? error.message : String(error);
    sayTrouble(line, near);
    // What it was at is over.
    announce(line);
  } finally {
    isBusy = false;
    refreshButtons();
    if (buttons) endWork(buttons);
  }
}

/** Says on a button that was pressed what it does, until the work is done. */
export async function saying(button: HTMLButtonElement, word: string, work: Promise<void>): Promise<void> {
  const before = button.textContent;
  button.textContent = word;
  try {
    await work;
  } finally {
    button.textContent = before;
  }
}

/** Brings a person to a step of the page, the keyboard's place too. */
export function bringTo(step: 'learn' | 'write'): void {
  const heading = byId(`${step}-title`, HTMLElement);
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  heading.scrollIntoView({ block: 'start' });
}

/** A button that goes away must not take the keyboard's place with it. */
function endWork({ start, stop }: WorkButtons): void {
  const hasFocus = document.activeElement === stop;
  stop.disabled = true;
  if (hasFocus) start.focus({ preventScroll: true });
}
