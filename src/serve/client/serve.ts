import { formatCount, pluralize } from '../../common/number-formats.js';
import { byId, messageOf, showTrouble } from '../../web/client/dom.js';
import { readEvents, request } from '../../web/client/request.js';
import type { Health, TextsEvent, TextsRequest } from '../page/page-messages.js';
import { withSeed } from '../page/page-settings.js';
import { Card, copyText } from './card.js';
import { HistoryList } from './history-list.js';
import { ModelChoice } from './model-choice.js';
import { savePicture } from './picture.js';
import { SettingsForm } from './settings-form.js';

/** The page where people generate texts: asks for them, and shows them as they stream in. */

const form = byId('form', HTMLFormElement);
const list = byId('cards', HTMLOListElement);
const trouble = byId('trouble', HTMLElement);
const standing = byId('standing', HTMLElement);
const prompt = byId('prompt', HTMLTextAreaElement);
// Never `disabled`, which would take the focus away: aria-disabled says it.
const generateButton = byId('generate', HTMLButtonElement);
const stopButton = byId('stop', HTMLButtonElement);
/** An element that only some pages have. */
function optional<E extends HTMLElement>(id: string, kind: new () => E): E | undefined {
  return document.getElementById(id) === null ? undefined : byId(id, kind);
}
const key = optional('key', HTMLInputElement);
const hideCopies = optional('hide-copies', HTMLInputElement);

/** More cards make the page slow; the oldest are removed. */
const maxCards = 500;

/** Newest request first. */
let cards: readonly Card[] = [];
let cardCount = 0;
let running: AbortController | undefined;

const say = (message: string): void => showTrouble(trouble, message);
const settings = new SettingsForm(form);
const model = new ModelChoice(say, () => settings.showInAddress());
const earlier = new HistoryList(({ model: name, settings: address }) => void useSettings(name, address));

/** @param end how the last request ended, unless it just succeeded. */
function showStanding(end = ''): void {
  const finished = cards.filter((card) => card.isFinished);
  const copies = finished.filter((card) => card.isCopied).length;
  const parts = [
    pluralize(finished.length, 'text'),
    copies === 0 ? '' : `${formatCount(copies)} ${copies === 1 ? 'copy' : 'copies'}`,
    running ? 'writing …' : '',
    end,
  ];
  // Screen readers announce the end of a request, not every text.
  standing.setAttribute('aria-live', running ? 'off' : 'polite');
  standing.textContent =
    cards.length === 0 && !running
      ? 'Nothing generated yet.'
      : parts.filter((part) => part !== '').join(', ');
  byId('tools', HTMLElement).hidden = cards.length === 0;
  byId('empty', HTMLElement).hidden = cards.length > 0;
  list.setAttribute('aria-busy', String(running !== undefined));
  stopButton.setAttribute('aria-disabled', String(running === undefined));
  generateButton.setAttribute('aria-disabled', String(running !== undefined));
}

async function postTexts(body: TextsRequest, signal: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = key ? { Authorization: `Bearer ${key.value}` } : {};
  const whenUnreachable = 'The server cannot be reached.';
  const response = await request('texts', { body, headers, signal, whenUnreachable });
  if (key) sessionStorage.setItem('key', key.value);
  return response;
}

/**
 * Brings the texts into view where they would appear unseen: on a small screen the form fills it. Then the focus goes there
 * too; else it stays, so that a person can go on typing.
 */
function goToTexts(): void {
  const heading = byId('texts-heading', HTMLElement);
  const { top } = heading.getBoundingClientRect();
  if (top >= 0 && top < innerHeight / 2) return;
  const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;
  heading.focus({ preventScroll: true });
  heading.scrollIntoView({ block: 'start', behavior: isStill ? 'instant' : 'smooth' });
}

/** Sets the page to what earlier texts were made with. */
async function useSettings(name: string, address: string): Promise<void> {
  const isChosen = await model.choose(name);
  const fault = settings.take(address);
  settings.showInAddress();
  say(isChosen ? fault : `${name} is not served here: the settings are for another model. ${fault}`.trim());
  prompt.focus();
}

/** Keeps finished texts in the history. */
function remember(finished: readonly Card[], address: string): void {
  const texts = finished
    .filter((card) => card.isFinished)
    .map(({ text, refusal }) => ({ text, refused: refusal }));
  if (texts.length > 0)
    earlier.add({ at: new Date().toISOString(), model: model.title, settings: address, texts });
}

/** Adds cards in order before the older ones. */
function addCards(count: number): readonly Card[] {
  const fresh = Array.from(
    { length: count },
    () => new Card(++cardCount, model.title, model.name !== undefined),
  );
  list.prepend(...fresh.map(({ node }) => node));
  const all = [...fresh, ...cards];
  for (const { node } of all.slice(maxCards)) node.remove();
  cards = all.slice(0, maxCards);
  return fresh;
}

/** Fills cards with the texts of a response. @param onSeed told the seed. @throws Error when it ends early. */
async function fill(
  fresh: readonly Card[],
  response: Response,
  onSeed: (seed: number) => void,
): Promise<void> {
  for await (const { name, data } of readEvents<TextsEvent>(response)) {
    if (name === 'begin') onSeed(data.seed);
    else if (name === 'piece') fresh[data.index]?.append(data.piece);
    else if (name === 'text') {
      fresh[data.index]?.finish(data);
      showStanding();
    } else if (name === 'error') throw new Error(data.error.message);
    else if (name === 'end') return;
  }
  throw new Error('The connection was lost.');
}

async function generate(): Promise<void> {
  if (running || !form.reportValidity()) return;
  say('');
  const controller = new AbortController();
  running = controller;
  let fresh: readonly Card[] = [];
  let end = '';
  let address = settings.asAddress();
  try {
    const body = { ...(model.name === undefined ? {} : { model: model.name }), ...settings.request };
    settings.showInAddress();
    showStanding();
    const response = await postTexts(body, controller.signal);
    fresh = addCards(body.n);
    showStanding();
    goToTexts();
    await fill(fresh, response, (seed) => {
      address = withSeed(address, seed);
    });
  } catch (error) {
    if (controller.signal.aborted) end = 'stopped';
    else say(messageOf(error));
  }
  for (const card of fresh) card.abandon();
  remember(fresh, address);
  cards = cards.filter((card) => card.isFinished || card.text !== '');
  running = undefined;
  showStanding(end);
}

const stop = (): void => running?.abort();

function shownTexts(): string[] {
  const shown = cards.filter((card) => card.isFinished && !(hideCopies?.checked && card.isCopied));
  return shown.map((card) => card.text);
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void generate();
});
stopButton.addEventListener('click', stop);
byId('clear', HTMLButtonElement).addEventListener('click', () => {
  stop();
  cards = [];
  list.replaceChildren();
  showStanding();
  prompt.focus();
});
const copyAll = byId('copy-all', HTMLButtonElement);
copyAll.addEventListener('click', () => void copyText(copyAll, shownTexts().join('\n')));
byId('save-all', HTMLButtonElement).addEventListener('click', () => {
  const texts = shownTexts();
  if (texts.length > 0) void savePicture(texts, model.title);
});
hideCopies?.addEventListener('change', () => {
  list.classList.toggle('hide-copies', hideCopies.checked);
});
document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    void generate();
  } else if (event.key === 'Escape') stop();
});
if (key) key.value = sessionStorage.getItem('key') ?? '';
// Another address of this page was typed, or a link followed.
window.addEventListener('hashchange', () => say(settings.take(location.hash)));
const addressFault = settings.take(location.hash);

/** Shows that the model is being loaded, until it is. */
async function awaitModel(): Promise<void> {
  for (;;) {
    const health = await fetch('health').then(
      (response) => response.json() as Promise<Health>,
      () => undefined,
    );
    if (health?.status !== 'loading') return say(addressFault);
    say('The model is being loaded …');
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
void awaitModel();
