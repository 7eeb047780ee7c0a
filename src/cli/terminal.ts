import { InterruptedError, systemFault, TitlesmithError } from '../common/errors.js';
import { formatCount } from '../common/number-formats.js';
import { toPrintable, toPrintableJson } from '../common/printable.js';
import type { EventScope, ProgressEvent } from '../common/progress.js';
import { exitCodeOf } from './exit-codes.js';
import { createProgressBar, type ProgressBar, TimeLeft } from './progress-bar.js';
import { Curve } from './sparkline.js';

/** Minimum time between two lines of progress when the output is not a terminal. */
const progressLineEveryMs = 10_000;

/** How wide the curve of the loss is, and from how many columns on a terminal has room for it beside a training's figures. */
const [curveWidth, columnsForCurve] = [16, 110];

/** Foreground colours of ECMA-48, SGR. */
const colorCodes = { red: 31, yellow: 33 } as const;

interface TerminalOptions {
  /** JSON lines on `output` instead of text; nothing else is then written there. */
  readonly json: boolean;
  /** Results. */
  readonly output: NodeJS.WritableStream;
  /** Progress and errors. */
  readonly errors: NodeJS.WriteStream;
  /** Use colours if `errors` is a terminal. */
  readonly color: boolean;
}

/**
 * What a command does once nobody reads its output any more: it ends without a word; it saves what it has done, as at a
 * Ctrl-C, and says so; or it goes on to its end.
 */
type WhenUnread = 'ends' | 'saves' | 'goes on';

type Progress = Extract<ProgressEvent, { kind: 'progress' }>;

/** Shows progress, results and errors: a bar on a terminal, plain lines in a log, JSON lines for programs. */
export class Terminal {
  private bar: ProgressBar | undefined;
  private barLabel = '';
  private readonly timeLeft = new TimeLeft();
  private readonly curve = new Curve();
  private lastLineAt = Number.NEGATIVE_INFINITY;
  private lastLineLabel = '';
  /** Of the command that is at work. */
  whenUnread: WhenUnread = 'saves';
  /** Whether the reader of the output has gone away. */
  isUnread = false;

  constructor(private readonly options: TerminalOptions) {}

  /** Shows a progress event, note or warning. */
  show(event: ProgressEvent): void {
    if (this.options.json) {
      const { run, stage, ...content } = event;
      this.writeJson({ run, stage, ...content });
    } else if (event.kind === 'progress') this.progress(event);
    else if (event.kind === 'warning')
      this.line(event, this.paint('yellow', `Warning: ${toPrintable(event.message)}`));
    else this.line(event, toPrintable(event.message));
  }

  /** Prints a command's result: lines for people, or one object for programs. */
  result(lines: readonly string[], data: Readonly<Record<string, unknown>>): void {
    this.clearBar();
    if (this.options.json) this.writeJson({ kind: 'result', ...data });
    else this.options.output.write(lines.map((line) => `${toPrintable(line)}\n`).join(''));
  }

  /** Prints an error, or a fault of the system, as one line; a bug in titlesmith with its stack. */
  error(thrown: unknown, { run, stage }: EventScope = {}): void {
    const error = systemFault(thrown);
    this.clearBar();
    const scope = { run, stage };
    const where = run === undefined ? '' : `${toPrintable(run)}: `;
    if (error instanceof TitlesmithError) {
      const { code, message, hint } = error;
      const exitCode = exitCodeOf(error);
      if (this.options.json) this.writeJson({ kind: 'error', ...scope, code, message, hint, exitCode });
      const name = error instanceof InterruptedError ? '' : 'Error: ';
      this.options.errors.write(`${this.paint('red', `${where}${name}${error.toLine()}`)}\n`);
      return;
    }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    if (this.options.json)
      this.writeJson({ kind: 'error', ...scope, code: 'internal', message: text, exitCode: 1 });
    this.options.errors.write(
      `${where}Internal error; this is a bug in titlesmith, please report it.\n` +
        `${text.split('\n').map(toPrintable).join('\n')}\n`,
    );
  }

  /** Clears the progress bar. */
  clearBar(): void {
    this.bar?.remove();
    this.bar = undefined;
  }

  private progress(event: Progress): void {
    const label = scopeText(event, event.label === event.stage ? '' : event.label);
    const left = this.timeLeft.estimate(label, event);
    const parts = [event.detail ?? '', left];
    if (this.options.errors.isTTY) {
      const isWide = (this.options.errors.columns ?? 0) >= columnsForCurve;
      const curve = this.curve.add(label, event.loss, curveWidth);
      const detail = joined([...parts, isWide ? curve : '']);
      if (this.bar === undefined || this.barLabel !== label) {
        this.clearBar();
        this.bar = createProgressBar(this.options.errors, label, event);
        this.barLabel = label;
      }
      this.bar.update({ ...event, detail });
      return;
    }
    const detail = joined(parts);
    const now = performance.now();
    const due = label !== this.lastLineLabel || now - this.lastLineAt >= progressLineEveryMs;
    const saysNothing = event.done === 0 && !event.detail;
    if (saysNothing || (!due && event.done !== event.total)) return;
    this.lastLineAt = now;
    this.lastLineLabel = label;
    const amount =
      event.total === undefined
        ? formatCount(event.done)
        : `${formatCount(event.done)} of ${formatCount(event.total)}`;
    const name = event.label === event.stage ? '' : `${event.label}: `;
    this.line(event, `${name}${amount} ${event.unit}${detail === '' ? '' : ` | ${toPrintable(detail)}`}`);
  }

  private line(scope: EventScope, text: string): void {
    this.clearBar();
    this.options.errors.write(`${scopeText(scope, text)}\n`);
  }

  private writeJson(value: Readonly<Record<string, unknown>>): void {
    this.options.output.write(`${toPrintableJson(value)}\n`);
  }

  private paint(color: keyof typeof colorCodes, text: string): string {
    if (!this.options.color || !this.options.errors.isTTY) return text;
    return `\u001b[${colorCodes[color]}m${text}\u001b[39m`;
  }
}

const joined = (parts: readonly string[]): string => parts.filter((part) => part !== '').join(' | ');

function scopeText(scope: EventScope, text: string): string {
  const stage = scope.stage === undefined ? '' : scope.stage.padEnd(9);
  const run = scope.run === undefined ? undefined : toPrintable(scope.run);
  return [run, stage, text].filter((part) => part !== undefined && part !== '').join(' ');
}
