import { InterruptedError, type TitlesmithError } from '../../common/errors.js';
import { toPrintable } from '../../common/printable.js';
import { MissingColumnError } from '../../data/sources/csv-layout.js';

/** What the command line's code says, in words for a page that has no command line. */

const namesOption = /(?:^|[\s(])--[a-z]/;

/** Whole sentences of a hint, without those that name an option. */
function withoutOptions(hint: string): string {
  return hint
    .split(/(?<=[.?!]) /)
    .filter((sentence) => !namesOption.test(sentence))
    .join(' ');
}

/** What can be done with any file that cannot be read. */
const paste = 'Or copy the titles and paste them here, below the box.';

/** A fault as one line for a person on the page: what is wrong, where, and what can be done there. */
export function lineForPage(error: TitlesmithError): string {
  if (error instanceof InterruptedError) return error.message.replace(/^Interrupted\b/, 'Stopped');
  const said = error.code === 'archive-refused' ? withoutCause(error.message) : error.message;
  return toPrintable([said, hintForPage(error)].filter((part) => part !== '').join(' '));
}

/** A message without what a library says at its end in brackets. */
const withoutCause = (message: string): string => message.replace(/ \([^()]*\)\.?$/, '.');

function hintForPage(error: TitlesmithError): string {
  const { code, hint = '' } = error;
  if (code === 'not-text') return `${hint.replace(/^Name /, 'Choose ')} ${paste}`;
  if (error instanceof MissingColumnError) return 'Which of these holds the titles?';
  if (code === 'unknown-compression') return 'Unpack it, and choose the file of titles in it.';
  return withoutOptions(hint).replace(/^Name a file with at least one title\.$/, 'Choose another file.');
}

/** What was remarked while titles were read, without what only the command line can do about it. */
export function remarkForPage(remark: string): string {
  if (/Windows-1252/.test(remark))
    return 'Its letters are stored in an older way (Windows-1252). See below whether those such as é or ü are right.';
  return remark
    .split('; ')
    .filter((part) => !namesOption.test(part))
    .join('; ');
}
