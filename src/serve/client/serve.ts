import { formatCount, pluralize } from '../../common/number-formats.js';
import { byId, messageOf, showTrouble } from '../../web/client/dom.js';
import { readEvents, request } from '../../web/client/request.js';
import type { Health, TextsEvent, TextsRequest } from '../page/page-messages.js';
import { Card, copyText } from './card.js';
import { ModelChoice } from './model-choice.js';
import { savePicture } from './picture.js';

/** The page where people generate texts: asks for them, and shows them as they stream in. */

const form = byId('form', HTMLFormElement);
const list = byId('cards', HTMLOListElement);
const trouble = byId('trouble', HTMLElement);
const standing = byId('standing', HTMLElement);
const prompt = byId('prompt', HTMLTextAreaElement);
const seed = byId('seed', HTMLInputElement);
const sliders = {
  n: byId('n', HTMLInputElement),
  temperature: byId('temperature', HTMLInputElement),
  length: byId('length', HTMLInputElement),
  top_k: byId('top_k', HTMLInputElement),
  top_p: byId('top_p', HTMLInputElement),
};

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

for (const [id, slider] of Object.entries(sliders)) {
  const shown = byId(`${id}-value`, HTMLOutputElement);
  const show = (): void => {
    shown.value = slider.valueAsNumber.toLocaleString('en-US');
  };
  slider.addEventListener('input', show);
  show();
}

const say = (message: string): void => showTrouble(trouble, message);
const model = new ModelChoice(say);

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
  byId('stop', HTMLButtonElement).disabled = running === undefined;
  byId('generate', HTMLButtonElement).disabled = running !== undefined;
}

/** What the form asks for. */
function readForm(): TextsRequest & { readonly n: number } {
  const { n, temperature, length, top_k, top_p } = sliders;
  // Of the model that is chosen now.
  const subreddit = document.querySelector<HTMLSelectElement | HTMLInputElement>('#subreddit');
  const keywords = optional('keywords', HTMLInputElement);
  return {
    ...(model.name === undefined ? {} : { model: model.name }),
    prompt: prompt.value,
    n: n.valueAsNumber,
    temperature: temperature.valueAsNumber,
    length: length.valueAsNumber,
    top_k: top_k.valueAsNumber,
    top_p: top_p.valueAsNumber,
    ...(seed.value === '' ? {} : { seed: seed.valueAsNumber }),
    ...(subreddit?.value ? { subreddit: subreddit.value } : {}),
    ...(keywords?.value ? { keywords: keywords.value } : {}),
  };
}

async function postTexts(body: TextsRequest, signal: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = key ? { Authorization: `Bearer ${key.value}` } : {};
  const whenUnreachable = 'The server cannot be reached.';
  const response = await request('texts', { body, headers, signal, whenUnreachable });
  if (key) sessionStorage.setItem('key', key.value);
  return response;
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

/** Fills cards with the texts of a response. @throws Error when it ends early. */
async function fill(fresh: readonly Card[], response: Response): Promise<void> {
  for await (const { name, data } of readEvents<TextsEvent>(response)) {
    if (name === 'piece') fresh[data.index]?.append(data.piece);
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
  try {
    const body = readForm();
    showStanding();
    const response = await postTexts(body, controller.signal);
    fresh = addCards(body.n);
    showStanding();
    // On a small screen the form fills the view, and the texts would appear unseen below it.
    if (matchMedia('(max-width: 56rem)').matches) standing.scrollIntoView({ block: 'start' });
    await fill(fresh, response);
  } catch (error) {
    if (controller.signal.aborted) end = 'stopped';
    else say(messageOf(error));
  }
  for (const card of fresh) card.abandon();
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
byId('stop', HTMLButtonElement).addEventListener('click', stop);
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

/** Shows that the model is being loaded, until it is. */
async function awaitModel(): Promise<void> {
  for (;;) {
    const health = await fetch('health').then(
      (response) => response.json() as Promise<Health>,
      () => undefined,
    );
    if (health?.status !== 'loading') return say('');
    say('The model is being loaded …');
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
void awaitModel();
