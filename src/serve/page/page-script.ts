/** The page's script: asks for texts and shows them as they stream in. Plain text for the browser. */
export const servePageScript = `
const byId = (id) => document.getElementById(id);
const [form, list, trouble, standing] = ['form', 'cards', 'trouble', 'standing'].map(byId);
const sliders = ['n', 'temperature', 'length', 'top_k', 'top_p'];
/** More cards than this make the page slow; the oldest go. */
const mostCards = 500;

let cards = [];
let running;
let made = 0;

for (const id of sliders) {
  const show = () => (byId(id + '-value').value = Number(byId(id).value).toLocaleString('en-US'));
  byId(id).addEventListener('input', show);
  show();
}

const say = (message) => {
  trouble.textContent = message;
  trouble.hidden = message === '';
};

const showStanding = (end) => {
  const finished = cards.filter((card) => card.finished);
  const copies = finished.filter((card) => card.copied).length;
  const parts = [finished.length + (finished.length === 1 ? ' text' : ' texts')];
  if (copies > 0) parts.push(copies + (copies === 1 ? ' copy' : ' copies'));
  if (running) parts.push('writing …');
  if (end) parts.push(end);
  const words = parts.join(', ');
  // Read aloud when something ends, not for every text.
  standing.setAttribute('aria-live', running ? 'off' : 'polite');
  standing.textContent = cards.length === 0 && !running ? 'Nothing generated yet.' : words;
  byId('tools').hidden = cards.length === 0;
  byId('empty').hidden = cards.length > 0;
  list.setAttribute('aria-busy', String(running !== undefined));
  byId('stop').disabled = running === undefined;
  byId('generate').disabled = running !== undefined;
};

/** The events of a response: name and data. */
async function* readEvents(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split('\\n\\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const name = /^event: (.*)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (name && data) yield { name, data: JSON.parse(data) };
    }
  }
}

const wishes = () => {
  const wanted = { prompt: byId('prompt').value };
  for (const id of sliders) wanted[id] = Number(byId(id).value);
  if (byId('seed').value !== '') wanted.seed = Number(byId('seed').value);
  for (const id of ['subreddit', 'keywords']) if (byId(id)?.value) wanted[id] = byId(id).value;
  return wanted;
};

const refusalOf = async (response) => {
  const wait = response.headers.get('retry-after');
  const body = await response.json().catch(() => undefined);
  const message = body?.error?.message ?? 'The server answered ' + response.status + '.';
  return new Error(wait && response.status === 429 ? message + ' In about ' + wait + ' s.' : message);
};

const request = async (wanted, signal) => {
  const headers = { 'Content-Type': 'application/json' };
  const key = byId('key');
  if (key) headers.Authorization = 'Bearer ' + key.value;
  let response;
  try {
    response = await fetch('texts', { method: 'POST', headers, body: JSON.stringify(wanted), signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Error('The server cannot be reached.');
  }
  if (!response.ok) throw await refusalOf(response);
  if (key) sessionStorage.setItem('key', key.value);
  return response;
};

/** New cards come before the older ones, in their order. */
const addCards = (count) => {
  const fresh = Array.from({ length: count }, () => makeCard(++made));
  list.prepend(...fresh.map(({ node }) => node));
  cards = [...fresh, ...cards];
  for (const { node } of cards.splice(mostCards)) node.remove();
  return fresh;
};

const follow = async (response, fresh) => {
  for await (const { name, data } of readEvents(response)) {
    if (name === 'piece') fresh[data.index].add(data.piece);
    else if (name === 'text') fresh[data.index].finish(data);
    else if (name === 'error') throw new Error(data.error.message);
    else if (name === 'end') return;
    if (name === 'text') showStanding();
  }
  throw new Error('The connection was lost.');
};

const generate = async () => {
  if (running || !form.reportValidity()) return;
  say('');
  const mine = new AbortController();
  running = mine;
  let fresh = [];
  let end = '';
  try {
    const wanted = wishes();
    showStanding();
    const response = await request(wanted, mine.signal);
    fresh = addCards(wanted.n);
    showStanding();
    // Where the form fills the screen, the texts would come unseen below it.
    if (matchMedia('(max-width: 56rem)').matches) standing.scrollIntoView({ block: 'start' });
    await follow(response, fresh);
  } catch (error) {
    if (mine.signal.aborted) end = 'stopped';
    else say(error.message);
  }
  for (const card of fresh) card.abandon();
  cards = cards.filter((card) => card.finished || card.said !== '');
  running = undefined;
  showStanding(end);
};

const stop = () => running?.abort();

const shownTexts = () => {
  const hidden = byId('hide-copies')?.checked === true;
  return cards.filter((card) => card.finished && !(hidden && card.copied)).map((card) => card.said);
};

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void generate();
});
byId('stop').addEventListener('click', stop);
byId('clear').addEventListener('click', () => {
  stop();
  cards = [];
  list.replaceChildren();
  showStanding();
  byId('prompt').focus();
});
byId('copy-all').addEventListener('click', (event) => copyText(event.currentTarget, shownTexts().join('\\n')));
byId('save-all').addEventListener('click', () => {
  const texts = shownTexts();
  if (texts.length > 0) void savePicture(texts, modelName);
});
byId('hide-copies')?.addEventListener('change', (event) => {
  list.classList.toggle('hide-copies', event.currentTarget.checked);
});
document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    void generate();
  } else if (event.key === 'Escape') stop();
});
const key = byId('key');
if (key) key.value = sessionStorage.getItem('key') ?? '';

/** Says that the model is on its way, until it is there. */
const awaitModel = async () => {
  for (;;) {
    const health = await fetch('health').then((response) => response.json(), () => undefined);
    if (health?.status !== 'loading') return say('');
    say('The model is being loaded …');
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
};
void awaitModel();
`;
