import { formatCount, formatPercent } from '../../common/number-formats.js';
import { byId, element } from '../../web/client/dom.js';
import type { Verdict } from '../worker-messages.js';

/** What the model copied, in plain words, with the whole report in a frame that can reach nothing. */

const part = byId('report-part', HTMLDetailsElement);
const frame = byId('report', HTMLIFrameElement);

let page = '';
// The page is put in when it is first looked at: it is long.
part.addEventListener('toggle', () => {
  if (part.open && frame.srcdoc !== page) frame.srcdoc = page;
});

/**
 * @param verdict undefined while there is none.
 * @param isOfRun whether what was written last is of a model that has learned here; undefined: nothing was written.
 */
export function showVerdict(verdict: Verdict | undefined, isOfRun?: boolean): void {
  byId('verdict', HTMLElement).hidden = verdict === undefined;
  const help = byId('copied-help', HTMLElement);
  help.hidden = verdict !== undefined;
  help.textContent =
    isOfRun === false
      ? 'The model as it came has learned none of your titles, so there is nothing to compare what it wrote with. What is marked as refused stands word for word among the titles that it was made from.'
      : 'Once there are new titles, they are compared with those it learned from.';
  page = verdict?.page ?? '';
  if (part.open) frame.srcdoc = page;
  if (!verdict) return;
  const headline = byId('headline', HTMLElement);
  headline.textContent = verdict.headline;
  headline.className = `headline ${verdict.verdict}`;
  byId('for-you', HTMLElement).textContent = verdict.plain;
  byId('meaning', HTMLElement).textContent = verdict.meaning;
  const { accepted, refused, copyShare, heldOutCopyShare } = verdict;
  byId('verdict-figures', HTMLElement).replaceChildren(
    figure('New titles', formatCount(accepted), `of ${formatCount(accepted + refused)} that it wrote`),
    figure('Copies', formatPercent(copyShare), 'of what it wrote copies one of your titles'),
    figure(
      'For comparison',
      formatPercent(heldOutCopyShare),
      'of your own titles that were held back resemble one that it learned from as much, by chance; the model never saw them',
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
