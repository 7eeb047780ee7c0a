import { PassThrough } from 'node:stream';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { sparkline } from '../../src/cli/sparkline.js';
import { Terminal } from '../../src/cli/terminal.js';
import { TitlesmithError } from '../../src/common/errors.js';
import { toPrintable } from '../../src/common/printable.js';

interface Captured {
  readonly terminal: Terminal;
  readonly output: () => string;
  readonly errors: () => string;
}

function capture(options: { json?: boolean; tty?: boolean; color?: boolean; columns?: number }): Captured {
  const [output, errors] = [new PassThrough(), new PassThrough()];
  const [outputChunks, errorChunks]: [Buffer[], Buffer[]] = [[], []];
  output.on('data', (chunk: Buffer) => outputChunks.push(chunk));
  errors.on('data', (chunk: Buffer) => errorChunks.push(chunk));
  const stream = Object.assign(errors, {
    isTTY: options.tty === true,
    columns: options.columns ?? 100,
  }) as unknown as NodeJS.WriteStream;
  const { json = false, color = false } = options;
  return {
    terminal: new Terminal({ json, color, output, errors: stream }),
    output: () => Buffer.concat(outputChunks).toString(),
    errors: () => Buffer.concat(errorChunks).toString(),
  };
}

describe('the curve of the loss', () => {
  const train = (terminal: Terminal, losses: readonly number[]): void => {
    for (const [done, loss] of losses.entries())
      terminal.show({
        kind: 'progress',
        label: 'train',
        done,
        total: 9,
        unit: 'steps',
        detail: 'loss',
        loss,
      });
  };

  test('stands on a wide terminal, and nowhere else', () => {
    vi.spyOn(performance, 'now').mockReturnValue(0);
    onTestFinished(() => void vi.restoreAllMocks());
    for (const [options, isShown] of [
      [{ tty: true, columns: 140 }, true],
      [{ tty: true, columns: 80 }, false],
      [{ columns: 140 }, false],
    ] as const) {
      const { terminal, errors } = capture(options);
      train(terminal, [8, 4, 2, 1]);
      terminal.clearBar();
      expect(errors().includes('█▄▂▁')).toBe(isShown);
    }
  });

  test('has the mean of neighbours in each block, and lies at the bottom where all is equal', () => {
    expect(sparkline([3, 1, 2], 16)).toBe('█▁▅');
    expect(sparkline([9, 7, 1, 1, 4, 6], 3)).toBe('█▁▅');
    expect(sparkline([2, 2, 2], 16)).toBe('▁▁▁');
    expect(sparkline([], 16)).toBe('');
  });
});

describe('plain lines', () => {
  test('progress and notes go to errors, results to output', () => {
    const { terminal, output, errors } = capture({});
    terminal.show({
      run: 'aww',
      stage: 'extract',
      kind: 'progress',
      label: 'posts',
      done: 1234,
      unit: 'rows',
    });
    terminal.show({ kind: 'note', message: 'source: sample' });
    terminal.result(['one', 'two'], { ignored: true });
    expect(errors()).toBe('aww extract   posts: 1,234 rows\nsource: sample\n');
    expect(output()).toBe('one\ntwo\n');
  });

  test('a thousand events in a moment are two lines: the first and the last', () => {
    vi.spyOn(performance, 'now').mockReturnValue(0);
    onTestFinished(() => void vi.restoreAllMocks());
    const { terminal, errors } = capture({});
    for (let done = 1; done <= 1000; done++) {
      terminal.show({
        stage: 'finetune',
        kind: 'progress',
        label: 'steps',
        done,
        total: 1000,
        unit: 'steps',
      });
    }
    expect(errors().trim().split('\n')).toEqual([
      'finetune  steps: 1 of 1,000 steps',
      'finetune  steps: 1,000 of 1,000 steps',
    ]);
  });

  test('work of which nothing is done yet is told of where there is something to say of it', () => {
    const { terminal, errors } = capture({});
    const none = { kind: 'progress', label: 'batch', done: 0, total: 12, unit: 'runs' } as const;
    terminal.show(none);
    expect(errors()).toBe('');
    terminal.show({ ...none, detail: 'aww: finetune 1/300' });
    expect(errors()).toBe('batch: 0 of 12 runs | aww: finetune 1/300\n');
  });

  test('hostile text stays on its line', () => {
    const { terminal, errors } = capture({});
    terminal.show({ kind: 'note', message: 'a\u001b[2Jb\r\nc\u202ed' });
    expect(errors()).toBe('a\\u001b[2Jb\\r\\nc\\u202ed\n');
    expect(toPrintable('line\u2028mark\u200f')).toBe('line\\u2028mark\\u200f');
    expect(toPrintable('quotes "stay", emoji 👩‍🚀 too')).toBe('quotes "stay", emoji 👩‍🚀 too');
  });
});

describe('JSON lines', () => {
  test('everything is a JSON object on output; an error also a line for people', () => {
    const { terminal, output, errors } = capture({ json: true });
    terminal.show({ stage: 'extract', kind: 'warning', message: 'careful' });
    terminal.error(new TitlesmithError('It broke.', { code: 'broke', hint: 'Mend it.' }), { run: 'aww' });
    terminal.result(['for people'], { run: 'aww', seconds: 1 });
    const lines = output()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([
      { stage: 'extract', kind: 'warning', message: 'careful' },
      { kind: 'error', run: 'aww', code: 'broke', message: 'It broke.', hint: 'Mend it.', exitCode: 1 },
      { kind: 'result', run: 'aww', seconds: 1 },
    ]);
    expect(errors()).toBe('aww: Error: It broke. Mend it.\n');
  });
});

describe('a terminal', () => {
  test('gets a bar, which makes way for other lines', () => {
    const { terminal, errors } = capture({ tty: true });
    const progress = {
      kind: 'progress',
      label: 'steps',
      total: 10,
      unit: 'steps',
      detail: 'loss 3.2',
    } as const;
    terminal.show({ stage: 'finetune', ...progress, done: 5 });
    terminal.show({ kind: 'note', message: 'a note' });
    terminal.clearBar();
    expect(errors()).toContain('50%  5/10 steps  loss 3.2');
    expect(errors()).toContain('█');
    expect(errors()).toContain('a note\n');
  });

  test('colours errors unless told not to', () => {
    const colored = capture({ tty: true, color: true });
    const plain = capture({ tty: true });
    const error = new TitlesmithError('No.', { code: 'no' });
    colored.terminal.error(error);
    plain.terminal.error(error);
    expect(colored.errors()).toContain('\u001b[31m');
    expect(plain.errors()).toBe('Error: No.\n');
  });
});
