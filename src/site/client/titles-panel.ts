import { formatCount, pluralize } from '../../common/number-formats.js';
import { byId, element } from '../../web/client/dom.js';
import { titlesFor } from '../title-needs.js';
import type { TitlesRead } from '../worker-messages.js';
import { announce, enableWhenIdle } from './busy.js';

/** Where a person gives titles, and sees what was read. */

const drop = byId('drop', HTMLElement);
const file = byId('file', HTMLInputElement);
const pasted = byId('pasted', HTMLTextAreaElement);
const place = byId('titles-read', HTMLElement);

const isArchive = (files: readonly File[] | undefined): files is readonly [File] =>
  files?.length === 1 && /\.(?:tar|tgz|tar\.gz|tar\.zst)$/i.test(files[0]!.name);

/**
 * @param onTitles called with what a person gives; undefined: the example.
 * @param onArchive called with a saved run that was given in the place of titles.
 */
export function listenForTitles(
  onTitles: (files: readonly File[] | undefined) => void,
  onArchive: (archive: File) => void,
): void {
  const onFiles = (files: readonly File[] | undefined): void =>
    isArchive(files) ? onArchive(files[0]) : onTitles(files);
  file.addEventListener('change', () => {
    const files = [...(file.files ?? [])];
    // So that the same file, changed meanwhile, can be chosen again.
    file.value = '';
    if (files.length > 0) onFiles(files);
  });
  enableWhenIdle(file);
  const example = byId('example', HTMLButtonElement);
  example.addEventListener('click', () => onFiles(undefined));
  enableWhenIdle(example);
  const use = byId('use-pasted', HTMLButtonElement);
  use.addEventListener('click', () => onFiles([new File([pasted.value], pastedName())]));
  enableWhenIdle(use, () => pasted.value.trim() !== '');
  pasted.addEventListener('input', () => {
    use.disabled = pasted.value.trim() === '';
  });
  listenForDrops(onFiles);
}

/** What pasted titles are called: by when they were, so that runs of them are told apart. */
function pastedName(): string {
  const when = new Date().toLocaleString('en-GB', {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  });
  return `pasted ${when.replace(',', '').replace(':', '.')}.txt`;
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

/** Offers the columns of a table, one of which holds the titles; none: offers nothing. */
export function offerColumns(columns: readonly string[], onChoose: (column: string) => void): void {
  const place = byId('columns', HTMLElement);
  place.hidden = columns.length === 0;
  const buttons = columns.map((name, index) => {
    const isPlain = name !== '' && columns.filter((other) => other === name).length === 1;
    const shown = name === '' ? `column ${index + 1}` : name.slice(0, longestName);
    const button = element('button', '', element('bdi', '', shown));
    button.type = 'button';
    button.addEventListener('click', () => onChoose(isPlain ? name : String(index + 1)));
    return button;
  });
  byId('column-buttons', HTMLElement).replaceChildren(...buttons.slice(0, mostColumns));
  buttons[0]?.focus({ preventScroll: true });
}

/** Columns that are offered at most, and characters of each name. */
const [mostColumns, longestName] = [40, 40];

/** Reasons to drop a title, as people say them. */
const reasons: Readonly<Record<string, string>> = {
  'deleted or removed': 'only said that a title was deleted',
  'too short': 'too short',
  'too long': 'too long',
  duplicate: 'already there',
};

/** Titles that are shown at once, so that a person sees what was taken for one. */
const shownSamples = 3;
/** With fewer there is little to learn. */
const fewTitles = 200;
/** With fewer held back no verdict can be told: each side of the comparison needs as many. */
const fewHeldOut = 30;

/** A warning where there are too few titles; empty where there are enough. */
function fewInWords({ train, heldOut }: TitlesRead): string {
  const noVerdict = `with fewer than ${fewHeldOut} held back nobody can tell whether it copies`;
  if (train < fewTitles)
    return `That is very few: it will hardly learn from them, and ${noVerdict}. Some hundred are enough to see something, a thousand are better.`;
  if (heldOut >= fewHeldOut) return '';
  return `It can learn from these, but ${noVerdict}: ${formatCount(titlesFor(fewHeldOut))} titles would do.`;
}

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
  const droppedInWords =
    left === 0
      ? 'none was left out'
      : `${formatCount(left)} of them left out; ${formatCount(read.kept)} are used`;
  const line = `${pluralize(read.extracted, 'title')} read, ${droppedInWords}.`;
  const split = `It will learn from ${formatCount(read.train)}; ${pluralize(read.heldOut, 'title')} ${read.heldOut === 1 ? 'is' : 'are'} held back to test it.`;
  const few = fewInWords(read);
  place.replaceChildren(
    element(
      'div',
      'read',
      element('p', '', element('strong', '', element('bdi', '', read.name)), `: ${line}`),
      element('p', '', split),
      ...(few === '' ? [] : [element('p', 'few', few)]),
      ...read.remarks.map((remark) => element('p', 'help', remark)),
      ...(left === 0 ? [] : [droppedTitles(read)]),
      element('p', 'sample-heading', 'This is how it reads them:'),
      titleList(read.samples.slice(0, shownSamples)),
      ...(read.samples.length > shownSamples
        ? [folded('More of them', read.samples.slice(shownSamples))]
        : []),
    ),
  );
  announce(`${line} ${split} ${few}`);
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
