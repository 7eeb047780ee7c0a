import { formatCount, pluralize } from '../../common/number-formats.js';
import { scoreFile } from '../../pipeline/score-file.js';
import type { TitleScore, TotalScore } from '../../pipeline/title-scores.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { interruptible, stopsAfterStep } from '../interrupt.js';
import type { ScoreOptions } from '../parsing/request.js';
import type { Terminal } from '../terminal.js';

/** Headings of the table, as wide as its columns; the title is the last. */
const headings = ['bits/byte', '   nats', 'tokens', 'bytes'] as const;

/** Prints the score of each title of a file, then that of all. */
export async function scoreCommand(
  model: string,
  file: string,
  options: ScoreOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  terminal.whenUnread = 'ends';
  return interruptible(terminal, stopsAfterStep, async (context) => {
    let isFirst = true;
    const onScore = (score: TitleScore): void => {
      const lines = [rowOf(score)];
      if (isFirst) lines.unshift([...headings, 'title'].join('  '));
      isFirst = false;
      terminal.result(lines, { ...score });
    };
    const total = await scoreFile(model, file, options, context, onScore);
    terminal.result(linesOf(total), { total });
    return exitCodes.done;
  });
}

function rowOf({ bitsPerByte, nats, tokens, bytes, title }: TitleScore): string {
  const values = [bitsPerByte.toFixed(3), nats.toFixed(2), String(tokens), String(bytes)];
  const cells = values.map((value, column) => value.padStart(headings[column]!.length));
  return [...cells, title].join('  ');
}

function linesOf({ titles, tokens, bytes, bitsPerByte, perplexity }: TotalScore): string[] {
  const sizes = `${formatCount(tokens)} tokens, ${formatCount(bytes)} bytes`;
  const mean = `${bitsPerByte.toFixed(4)} bits a byte, perplexity ${perplexity.toFixed(2)} a token`;
  return ['', `${pluralize(titles, 'title')}: ${mean} (${sizes})`];
}
