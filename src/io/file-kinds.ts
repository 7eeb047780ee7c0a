/** Kinds of files that hold no plain text, told by their first bytes. */

/** What a file is, and what a person can do who wants its texts. */
interface FileKind {
  /** As the end of "it is …". */
  readonly what: string;
  /** One sentence. */
  readonly hint: string;
}

const kind = (what: string, hint: string): FileKind => ({ what, hint });

const document = (type: string): FileKind =>
  kind(`a document of a word processor${type}`, 'Save it there as “Plain text” (.txt), and take that file.');
const spreadsheet = (type: string): FileKind =>
  kind(`a spreadsheet${type}`, 'Save it there as “CSV UTF-8” (.csv), and take that file.');
const slides = (type: string): FileKind =>
  kind(`a presentation${type}`, 'Copy its titles into a text file, one a line, and take that.');
const picture = (type: string): FileKind =>
  kind(`a picture${type}`, 'Titles can only be read from text: write them into a text file, one a line.');
const recording = kind(
  'a recording of sound or video',
  'Titles can only be read from text: write them into a text file, one a line.',
);
const packed = (type: string): FileKind =>
  kind(`a packed file (${type})`, 'Unpack it, and take the file of titles in it.');
const zip = kind(
  'a packed file (ZIP), or a document of an office program',
  'Unpack it, or save it there as “Plain text” (.txt) or, of a table, as “CSV UTF-8” (.csv), and take that file.',
);
const pdf = kind(
  'a PDF, which holds pages, not lines',
  'Copy its titles into a text file, one a line, and take that.',
);

/** Kinds by the ending of a name, where the first bytes are shared by several. */
const byEnding: readonly (readonly [ending: RegExp, kind: FileKind])[] = [
  [/\.(?:docx?|docm|dotx?|odt|pages)$/i, document('')],
  [/\.(?:xlsx?|xlsm|xlsb|ods|numbers)$/i, spreadsheet('')],
  [/\.(?:pptx?|ppsx?|odp|key)$/i, slides('')],
];

const kindByEnding = (name: string): FileKind | undefined =>
  byEnding.find(([ending]) => ending.test(name.replace(/\.(?:gz|zst)$/i, '')))?.[1];

/** What the names of the files in a ZIP say that it is; they are not compressed. */
const inZip: readonly (readonly [mark: RegExp, kind: FileKind])[] = [
  [/word\/(?:document|_rels|styles|settings|fontTable|theme|webSettings)/, document(' (Word, .docx)')],
  [/xl\/(?:workbook|_rels|worksheets|styles|sharedStrings|theme)/, spreadsheet(' (Excel, .xlsx)')],
  [/ppt\/(?:presentation|_rels|slides|theme|slideMasters)/, slides(' (PowerPoint, .pptx)')],
  [/opendocument\.text/, document(' (OpenDocument, .odt)')],
  [/opendocument\.spreadsheet/, spreadsheet(' (OpenDocument, .ods)')],
  [/opendocument\.presentation/, slides(' (OpenDocument, .odp)')],
  [/application\/epub\+zip/, kind('an electronic book (EPUB)', pdf.hint)],
];

/** What the directory of an OLE file, in UTF-16, names. */
const inOle: readonly (readonly [mark: RegExp, kind: FileKind])[] = [
  [/W␀o␀r␀d␀D␀o␀c␀u␀m␀e␀n␀t␀/, document(' (Word, .doc)')],
  [/W␀o␀r␀k␀b␀o␀o␀k␀/, spreadsheet(' (Excel, .xls)')],
  [/P␀o␀w␀e␀r␀P␀o␀i␀n␀t␀/, slides(' (PowerPoint, .ppt)')],
];

const office = kind(
  'a document of an office program',
  'Save it there as “Plain text” (.txt) or, of a table, as “CSV UTF-8” (.csv), and take that file.',
);

const insideOf = (
  marks: readonly (readonly [mark: RegExp, kind: FileKind])[],
  bytes: string,
): FileKind | undefined => marks.find(([mark]) => mark.test(bytes))?.[1];

/** First bytes, as characters (see `asCharacters`); where letters alone make them, text that begins so is let through. */
const signatures: readonly (readonly [
  start: RegExp,
  kind: (whole: () => string, name: string) => FileKind,
])[] = [
  [/^PK(?:␃␄|␅␆|␇␈)/, (whole, name) => insideOf(inZip, whole()) ?? kindByEnding(name) ?? zip],
  [/^\xd0\xcf␑\xe0/, (whole, name) => insideOf(inOle, whole()) ?? kindByEnding(name) ?? office],
  [/^%PDF(?:-\d|-?$)/, () => pdf],
  [/^\{\\rtf\d/, () => document(' (Rich Text, .rtf)')],
  [/^\x89PNG/, () => picture(' (PNG)')],
  [/^\xff\xd8\xff/, () => picture(' (JPEG)')],
  [/^GIF8[79]a(?=.{0,6}[^\x20-\x7e␉␊␌␍])/, () => picture(' (GIF)')],
  [/^RIFF.{4}WEBP/, () => picture(' (WebP)')],
  [/^BM.{4}␀␀␀␀/, () => picture(' (BMP)')],
  [/^(?:II\*␀|MM␀\*)/, () => picture(' (TIFF)')],
  [/^␀␀␀.ftyp(?:hei|hev|mif|avi)/, () => picture(' (HEIC or AVIF)')],
  [/^␀␀␀.ftyp/, () => recording],
  [/^ID3[␂-␄]/, () => recording],
  // Russian words in Windows-1251 begin with the same bytes, but hold no control characters.
  [/^\xff[\xe2\xe3\xf2\xf3\xfa\xfb][\x20-\xef␐-␟](?=.*[␀-␈])/, () => recording],
  [/^(?:RIFF.{4}(?:WAVE|AVI )|OggS␀|fLaC␀|␚E\xdf\xa3)/, () => recording],
  [/^7z\xbc\xaf/, () => packed('7z')],
  [/^Rar!␚/, () => packed('RAR')],
  [/^\xfd7zXZ/, () => packed('xz')],
  [/^BZh[1-9]1AY&SY/, () => packed('bzip2')],
  [/^.{257}ustar/, () => packed('tar')],
  [/^SQLite format 3␀/, () => kind('a database (SQLite)', spreadsheet('').hint)],
];

/** Bytes in which every signature ends. */
const signatureBytes = 512;

/** Where Unicode begins to have pictures of the control characters, in their order. */
const pictures = 0x2400;

/** Bytes as characters of the same numbers; control characters as their pictures, which can be seen in an expression. */
function asCharacters(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte < 0x20 ? pictures + byte : byte);
  return text;
}

/**
 * What a file is by its first bytes; undefined where they say nothing.
 * @param bytes the beginning of the file; the more, the more precise.
 * @param name of the file, which decides where several kinds begin alike.
 */
export function fileKind(bytes: Uint8Array, name: string): FileKind | undefined {
  const start = asCharacters(bytes.subarray(0, signatureBytes));
  return signatures.find(([signature]) => signature.test(start))?.[1](() => asCharacters(bytes), name);
}
