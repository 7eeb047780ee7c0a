import { formatCount, pluralize } from '../../common/number-formats.js';
import { byId, element } from '../../web/client/dom.js';
import type { TitlesRead } from '../worker-messages.js';
import { announce, enableWhenIdle } from './busy.js';

/** Where a person gives titles, and sees what was read. */

const drop = byId('drop', HTMLElement);
const file = byId('file', HTMLInputElement);
const pasted = byId('pasted', HTMLTextAreaElement);
const place = byId('titles-read', HTMLElement);

/** @param onFiles called with what a person gives; undefined: the example. */
export function listenForTitles(onFiles: (files: readonly File[] | undefined) => void): void {
  file.addEventListener('change', () => {
    const files = [...(file.files ?? [])];
    // So that the same file, changed meanwhile, can be chosen again.
    file.value = '';
    if (files.length > 0) onFiles(files);
  });
  const example = byId('example', HTMLButtonElement);
  example.addEventListener('click', () => onFiles(undefined));
  enableWhenIdle(example);
  const use = byId('use-pasted', HTMLButtonElement);
  use.addEventListener('click', () => onFiles([new File([pasted.value], 'pasted titles.txt')]));
  enableWhenIdle(use, () => pasted.value.trim() !== '');
  pasted.addEventListener('input', () => {
    use.disabled = pasted.value.trim() === '';
  });
  listenForDrops(onFiles);
}

/** Files may be dropped anywhere on the page: one that misses the box must not take the page's place. */
function listenForDrops(onFiles: (files: readonly File[]) => void): void {
  const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
  addEventListener('dragover', (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    drop.classList.add('over');
  });
  addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) drop.classList.remove('over');
  });
  addEventListener('drop', (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    drop.classList.remove('over');
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length > 0) onFiles(files);
  });
}

/** Reasons to drop a title, as people say them. */
const reasons: Readonly<Record<string, string>> = {
  'deleted or removed': 'only said that a title was deleted',
  'too short': 'too short',
  'too long': 'too long',
  duplicate: 'already there',
};

/** Shows how far the reading of titles is; an empty line: nothing is read. */
export function showReading(line: string): void {
  byId('reading', HTMLElement).hidden = line === '';
  byId('reading-state', HTMLElement).textContent = line;
}

/** Shows what was read, what was dropped and why, and what is held back; undefined: nothing. */
export function showTitles(read: TitlesRead | undefined): void {
  place.hidden = read === undefined;
  if (!read) {
    place.replaceChildren();
    return;
  }
  const left = read.extracted - read.kept;
  const droppedInWords = left === 0 ? 'none was left out' : `${formatCount(left)} left out`;
  const line = `${pluralize(read.extracted, 'title')} read, ${droppedInWords}.`;
  const split = `It will learn from ${formatCount(read.train)} and be tested on ${formatCount(read.heldOut)} that are held back.`;
  place.replaceChildren(
    element(
      'div',
      'read',
      element('p', '', element('strong', '', element('bdi', '', read.name)), `: ${line}`),
      element('p', '', split),
      ...read.remarks.map((remark) => element('p', 'help', remark)),
      ...(left === 0 ? [] : [droppedTitles(read)]),
      folded('Some of them', read.samples),
    ),
  );
  announce(`${line} ${split}`);
}

function droppedTitles({ dropped }: TitlesRead): HTMLElement {
  const parts = dropped.flatMap(({ reason, count, samples }) => [
    element(
      'p',
      '',
      `${formatCount(count)} ${reasons[reason] ?? reason}${samples.length > 0 ? ', such as' : ''}`,
    ),
    titleList(samples),
  ]);
  return element('details', '', element('summary', '', 'What was left out, and why'), ...parts);
}

function folded(summary: string, titles: readonly string[]): HTMLElement {
  return element('details', '', element('summary', '', summary), titleList(titles));
}

function titleList(titles: readonly string[]): HTMLElement {
  return element('ul', 'plain-list', ...titles.map((title) => element('li', '', element('bdi', '', title))));
}
