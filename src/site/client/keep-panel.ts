import { formatBytes } from '../../common/number-formats.js';
import { byId, element } from '../../web/client/dom.js';
import type { DownloadKind } from '../worker-messages.js';
import { enableWhenIdle } from './busy.js';

/** What is saved as files, and opened again. */

interface KeepActions {
  /** @param button the one that was pressed. */
  readonly onSave: (kind: DownloadKind, button: HTMLButtonElement) => void;
  readonly onOpen: (archive: File) => void;
  /** Whether there is something of that kind to save. */
  readonly has: (kind: DownloadKind) => boolean;
}

const buttons: Readonly<Record<DownloadKind, string>> = {
  accepted: 'save-accepted',
  report: 'save-report',
  archive: 'save-archive',
};

export function listenForKeeping({ onSave, onOpen, has }: KeepActions): void {
  for (const [kind, id] of Object.entries(buttons) as [DownloadKind, string][]) {
    const button = byId(id, HTMLButtonElement);
    button.addEventListener('click', () => onSave(kind, button));
    enableWhenIdle(button, () => has(kind));
  }
  const input = byId('archive', HTMLInputElement);
  input.addEventListener('change', () => {
    const [archive] = input.files ?? [];
    if (archive) onOpen(archive);
    input.value = '';
  });
}

/** Says how large the archive of a run is at most; undefined where there is none. */
export function showArchiveSize(bytes: number | undefined): void {
  byId('archive-size', HTMLElement).textContent =
    bytes === undefined ? '' : ` It takes at most ${formatBytes(bytes)}.`;
}

/** Offers a file as a download. */
export function saveFile(name: string, content: Blob): void {
  const link = element('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // Not at once: the browser may not have begun to read it.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
