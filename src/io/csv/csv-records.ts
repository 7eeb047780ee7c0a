import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { TitlesmithError } from '../../common/errors.js';

/** Longest record accepted, in UTF-16 units, so that an unclosed quote does not fill the memory. */
const recordCharacters = 1_000_000;

/** Where the parser stands: lines and records of all that was read so far. */
interface Position {
  lines: number;
  /** Lines without a record, among these. */
  emptyLines: number;
  records: number;
}

function describeFault(error: CsvError, { records }: Position): [string, string] {
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
      return ['a quote stands in a value that is not quoted', plainText];
    case 'CSV_MAX_RECORD_SIZE':
      return [`it is longer than ${recordCharacters} characters`, 'Is a quote unclosed?'];
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH':
    case 'CSV_RECORD_INCONSISTENT_COLUMNS':
      return [`it has more or fewer values than the ${records > 1 ? 'records' : 'record'} before`, plainText];
    default:
      return [error.message, ''];
  }
}

/**
 * The records of a CSV (RFC 4180: double quotes; LF or CRLF), empty lines left out.
 * @throws TitlesmithError naming the file, the record and the line where the faulty record begins.
 */
export async function* csvRecords(
  chunks: AsyncIterable<string>,
  path: string,
  delimiter = ',',
): AsyncGenerator<string[]> {
  const position: Position = { lines: 0, emptyLines: 0, records: 0 };
  const parser = parse({
    delimiter,
    skip_empty_lines: true,
    max_record_size: recordCharacters,
    // Called as each record is parsed; what the stream still holds is lost when it fails.
    on_record: (fields, { lines, empty_lines }) => {
      position.lines = lines;
      position.emptyLines = empty_lines;
      position.records += 1;
      return fields;
    },
  });
  const input = Readable.from(chunks);
  input.on('error', (error) => parser.destroy(error));
  try {
    for await (const record of input.pipe(parser)) yield record as string[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const [fault, hint] = describeFault(error, position);
    const emptyBefore = Number(error['empty_lines'] ?? position.emptyLines) - position.emptyLines;
    const where = `line ${position.lines + emptyBefore + 1} (record ${position.records + 1})`;
    const message = `Cannot read ${path}, ${where}: ${fault}.`;
    throw new TitlesmithError(message, { code: 'csv-malformed', ...(hint ? { hint } : {}), cause: error });
  } finally {
    input.destroy();
  }
}
