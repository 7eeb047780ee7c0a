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

const paste = 'copy the titles and paste them here, below the box';

/** What to do with a file that holds no plain text, by the ending of its name. */
const nonText: readonly (readonly [ending: RegExp, hint: string])[] = [
  [
    /\.(?:docx?|odt|rtf|pages)$/i,
    `It is a document of a word processor: save it there as “Plain text” (.txt), or ${paste}.`,
  ],
  [/\.(?:xlsx?|xlsm|ods|numbers)$/i, `It is a spreadsheet: save it there as “CSV UTF-8”, or ${paste}.`],
  [/\.pdf$/i, `It is a PDF, which holds pages, not lines: ${paste}.`],
  [/\.(?:png|jpe?g|gif|webp|heic|bmp|tiff?)$/i, `It is a picture: ${paste} if you have them as text.`],
];

/** A fault as one line for a person on the page: what is wrong, where, and what can be done there. */
export function lineForPage(error: TitlesmithError): string {
  if (error instanceof InterruptedError) return error.message.replace(/^Interrupted\b/, 'Stopped');
  const said = error.code === 'archive-refused' ? withoutCause(error.message) : error.message;
  return toPrintable([said, hintForPage(error)].filter((part) => part !== '').join(' '));
}

/** A message without what a library says at its end in brackets. */
const withoutCause = (message: string): string => message.replace(/ \([^()]*\)\.?$/, '.');

function hintForPage(error: TitlesmithError): string {
  const { code, message, hint = '' } = error;
  if (code === 'not-text') {
    const name = message.replace(/^Cannot read /, '').replace(/: [^:]*$/, '');
    const known = nonText.find(([ending]) => ending.test(name));
    return known?.[1] ?? `Choose a text file or a table (CSV), or ${paste}.`;
  }
  if (error instanceof MissingColumnError) return 'Which of these holds the titles?';
  return withoutOptions(hint);
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
