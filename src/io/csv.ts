import { CsvError, parse } from 'csv-parse';
import { TitlesmithError } from '../common/errors.js';

/**
 * One record of RFC 4180, its line break included. Fields are quoted where they need it, and where they begin or end
 * with white space, which other readers may trim.
 */
export function formatCsvRecord(fields: readonly string[]): string {
  const quoted = fields.map((field) =>
    /[",\r\n]|^\s|\s$/.test(field) ? `"${field.replaceAll('"', '""')}"` : field,
  );
  return `${quoted.join(',')}\r\n`;
}

/** Longest record accepted, in UTF-16 units, so that an unclosed quote does not fill the memory. */
const recordCharacters = 1_000_000;

/** Where the parser stands: lines and records of all that was read so far. */
interface Position {
  lines: number;
  /** Lines without a record, among these. */
  emptyLines: number;
  records: number;
}

/** How the text of a CSV is read, where it is not plain RFC 4180. */
interface CsvDialect {
  /** Between the values of a record; a comma where left out. */
  readonly delimiter?: string;
  /** Whether double quotes enclose values (the default), or are characters like any other. */
  readonly quotes?: boolean;
  /** Leaves records with a NUL out, calling this with the line where each begins, and its number, from 1; without it they stay. */
  readonly onNul?: (line: number, record: number) => void;
}

/**
 * The records of a CSV (RFC 4180: double quotes), empty lines left out. Each CRLF, LF or CR outside quotes ends a record,
 * also where one file mixes them.
 * @param chunks the text; none of them ends in the middle of a surrogate pair.
 * @param name of the file, for messages.
 * @throws TitlesmithError naming the file, the record and the line where the faulty record begins.
 */
export async function* parseCsv(
  chunks: AsyncIterable<string>,
  name: string,
  { delimiter = ',', quotes = true, onNul }: CsvDialect = {},
): AsyncGenerator<string[]> {
  const position: Position = { lines: 0, emptyLines: 0, records: 0 };
  const records: string[][] = [];
  const parser = parse({
    delimiter,
    quote: quotes ? '"' : null,
    // Given, as the parser would take the first break it finds for the only one. The longest first.
    record_delimiter: ['\r\n', '\n', '\r'],
    skip_empty_lines: true,
    max_record_size: recordCharacters,
    // Records are taken here, as they are parsed, and the stream behind the parser stays empty: nothing of Node's
    // streams is needed, which a browser lacks, and a fault later in the chunk loses none.
    on_record: (fields: string[], { lines, empty_lines }) => {
      const line = position.lines + (empty_lines - position.emptyLines) + 1;
      position.lines = lines;
      position.emptyLines = empty_lines;
      position.records += 1;
      if (onNul && fields.some((field) => field.includes('\0'))) onNul(line, position.records);
      else records.push(fields);
      return null;
    },
  });
  const failed = new Promise<never>((_, reject) => parser.on('error', reject));
  failed.catch(() => {});
  const parsed = async (feed: (done: (error?: Error | null) => void) => void): Promise<string[][]> => {
    await Promise.race([failed, new Promise<void>((resolve) => feed((error) => error ?? resolve()))]);
    return records.splice(0);
  };
  try {
    // Not `yield*`, which waits twice for each record.
    for await (const chunk of chunks) {
      for (const record of await parsed((done) => parser.write(chunk, done))) yield record;
    }
    for (const record of await parsed((done) => parser.end(done))) yield record;
  } catch (error) {
    for (const record of records) yield record;
    throw error instanceof CsvError ? csvFailure(error, position, name) : error;
  }
}

function csvFailure(error: CsvError, position: Position, name: string): TitlesmithError {
  const [fault, hint] = describeFault(error, position);
  const emptyBefore = Number(error['empty_lines'] ?? position.emptyLines) - position.emptyLines;
  const where = `line ${position.lines + emptyBefore + 1} (record ${position.records + 1})`;
  const message = `Cannot read ${name}, ${where}: ${fault}.`;
  return new TitlesmithError(message, { code: 'csv-malformed', ...(hint ? { hint } : {}), cause: error });
}

function describeFault(error: CsvError, { records }: Position): [fault: string, hint: string] {
  const plainText =
    'Put values that hold commas or quotes in double quotes, or name the file .txt if each line is a title.';
  switch (error.code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return [
        'a quote is opened there and never closed',
        'Close it, or double a quote that belongs to the text.',
      ];
    case 'CSV_INVALID_CLOSING_QUOTE':
      return [
        'a quoted value goes on behind its closing quote',
        'Close the quote that is opened there, or double quotes that belong to the text.',
      ];
    case 'INVALID_OPENING_QUOTE':
      return [
        'a quote stands in a value that is not quoted',
        `${plainText} --quotes false takes quotes for text.`,
      ];
    case 'CSV_MAX_RECORD_SIZE':
      return [`it is longer than ${recordCharacters} characters`, 'Is a quote unclosed?'];
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH':
    case 'CSV_RECORD_INCONSISTENT_COLUMNS':
      return [`it has more or fewer values than the ${records > 1 ? 'records' : 'record'} before`, plainText];
    default:
      return [error.message, ''];
  }
}
