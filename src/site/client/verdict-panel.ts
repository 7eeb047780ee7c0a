import { formatCount, formatPercent } from '../../common/number-formats.js';
import { byId, element } from '../../web/client/dom.js';
import type { Verdict } from '../worker-messages.js';

/** What the model copied, in plain words, with the whole report in a frame that can reach nothing. */

const part = byId('report-part', HTMLDetailsElement);
const frame = byId('report', HTMLIFrameElement);

/** What a person may make of each verdict. */
const forYou: Readonly<Record<Verdict['verdict'], string>> = {
  healthy:
    'It wrote these titles itself, as far as that can be measured. What copied one of yours was refused; the rest is new.',
  leans:
    'It wrote some of this itself, and for some it leaned on your titles. What copied one was refused: read the rest before you use it.',
  overfits:
    'It mostly repeats your titles. Do not take what is left for new: let it learn for fewer steps, or give it more titles.',
  underfits:
    'It has not learned how your titles are made. Give it more titles, or more steps, and let it learn again.',
  unknown:
    'So far there is too little to say for sure. What copied one of your titles was refused. Let it learn from more titles, or write some hundred more, and it may be told.',
};

let page = '';
// The page is put in when it is first looked at: it is long.
part.addEventListener('toggle', () => {
  if (part.open && frame.srcdoc !== page) frame.srcdoc = page;
});

/** @param verdict undefined while there is none. */
export function showVerdict(verdict: Verdict | undefined): void {
  byId('verdict', HTMLElement).hidden = verdict === undefined;
  byId('copied-help', HTMLElement).hidden = verdict !== undefined;
  page = verdict?.page ?? '';
  if (part.open) frame.srcdoc = page;
  if (!verdict) return;
  const headline = byId('headline', HTMLElement);
  headline.textContent = verdict.headline;
  headline.className = `headline ${verdict.verdict}`;
  byId('for-you', HTMLElement).textContent = forYou[verdict.verdict];
  byId('meaning', HTMLElement).textContent = verdict.meaning;
  const { accepted, refused, copyShare, heldOutCopyShare } = verdict;
  byId('verdict-figures', HTMLElement).replaceChildren(
    figure('New titles', formatCount(accepted), `of ${formatCount(accepted + refused)} that it wrote`),
    figure('Copies', formatPercent(copyShare), 'of what it wrote'),
    figure(
      'By chance',
      formatPercent(heldOutCopyShare),
      'of real titles that it never saw would be called copies',
    ),
  );
}

function figure(name: string, value: string, meaning: string): HTMLElement {
  return element(
    'div',
    '',
    element('dt', '', name),
    element('dd', '', element('span', 'value', value), element('span', 'meaning', meaning)),
  );
}
