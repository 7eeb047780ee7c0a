/**
 * How the page shows one text while it comes and when it is finished. Plain text for the browser: it sets text, and
 * builds no markup from what the model says.
 */
export const cardScript = `
const modelName = document.querySelector('h1').textContent;

/** Says it on the button for a moment. */
const confirmOn = (button, word) => {
  const before = button.dataset.word ?? button.textContent;
  button.dataset.word = before;
  button.textContent = word;
  setTimeout(() => (button.textContent = before), 1500);
};

const copyText = async (button, text) => {
  try {
    await navigator.clipboard.writeText(text);
    confirmOn(button, 'Copied');
  } catch {
    confirmOn(button, 'Not allowed');
  }
};

const makeCard = (number) => {
  const node = element('li', 'card coming');
  const text = element('p', 'text');
  text.dir = 'auto';
  const state = element('div', 'state', 'waiting …');
  const foot = element('div', 'foot', state);
  node.append(text, foot);
  const card = { node, said: '', finished: false, copied: false };

  card.add = (piece) => {
    card.said += piece;
    text.textContent = card.said;
    state.textContent = 'writing …';
  };
  const addButtons = () => {
    const copy = element('button', '', 'Copy');
    copy.addEventListener('click', () => copyText(copy, card.said));
    const image = element('button', '', 'Image');
    image.addEventListener('click', () => savePicture([card.said], modelName));
    for (const button of [copy, image]) {
      button.type = 'button';
      button.setAttribute('aria-label', button.textContent + ' text ' + number);
    }
    foot.append(copy, image);
  };
  const showLikeness = ({ reason, evidence, second }, closest) => {
    const box = element('div', 'likeness');
    if (!closest) return;
    box.append(element('p', '', reason === 'held-out title' ? 'Most like this training title:' : 'The training title it resembles:'));
    box.append(markedTitle(closest.title, closest.runs, 2));
    if (second) box.append(element('p', '', 'and'), element('bdi', 'title', second));
    text.replaceChildren(markedTitle(closest.text, closest.runs, 1));
    node.append(box);
  };
  card.finish = ({ text: whole, finishReason, copy, isCopied, closest }) => {
    card.said = whole;
    card.finished = true;
    text.textContent = whole;
    node.classList.remove('coming');
    const ended = finishReason === 'length' ? 'cut at its longest' : '';
    if (copy && !isCopied) {
      state.replaceChildren(element('strong', '', copy.reason), copy.evidence ? ': ' + copy.evidence : '');
    } else if (copy) {
      card.copied = true;
      node.classList.add('copied');
      state.replaceChildren(element('strong', '', copy.reason), copy.evidence ? ': ' + copy.evidence : '');
      showLikeness(copy, closest);
    } else if (copy === null) {
      node.classList.add('fresh');
      const like = closest ? 'closest training title rated ' + shownRating(closest.rating) : 'like no training title';
      state.replaceChildren(element('strong', '', 'new'), ': ' + like + (ended ? ', ' + ended : ''));
    } else {
      state.textContent = ended;
    }
    addButtons();
  };
  /** Nothing more comes. */
  card.abandon = () => {
    if (card.finished) return;
    node.classList.remove('coming');
    node.classList.add('gone');
    state.textContent = 'stopped';
    if (card.said !== '') addButtons();
    else node.remove();
  };
  return card;
};
`;
