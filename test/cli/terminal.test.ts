import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Console } from '../../src/cli/terminal.js';
import { TitlesmithError } from '../../src/common/errors.js';
import { toPrintable } from '../../src/common/printable.js';

interface Captured {
  readonly console: Console;
  readonly output: () => string;
  readonly errors: () => string;
}

function capture(options: { json?: boolean; terminal?: boolean; color?: boolean }): Captured {
  const [output, errors] = [new PassThrough(), new PassThrough()];
  const [outputChunks, errorChunks]: [Buffer[], Buffer[]] = [[], []];
  output.on('data', (chunk: Buffer) => outputChunks.push(chunk));
  errors.on('data', (chunk: Buffer) => errorChunks.push(chunk));
  const terminal = Object.assign(errors, { isTTY: options.terminal === true, columns: 100 });
  const stream = terminal as unknown as NodeJS.WriteStream;
  const { json = false, color = false } = options;
  return {
    console: new Console({ json, color, output, errors: stream }),
    output: () => Buffer.concat(outputChunks).toString(),
    errors: () => Buffer.concat(errorChunks).toString(),
  };
}

describe('plain lines', () => {
  test('progress and notes go to errors, results to output', () => {
    const { console, output, errors } = capture({});
    console.event(
      { run: 'aww', stage: 'extract' },
      { kind: 'progress', label: 'posts', done: 1234, unit: 'rows' },
    );
    console.note('source: sample');
    console.result(['one', 'two'], { ignored: true });
    expect(errors()).toBe('aww extract   posts: 1,234 rows\nsource: sample\n');
    expect(output()).toBe('one\ntwo\n');
  });

  test('a thousand events in a moment are two lines: the first and the last', () => {
    const { console, errors } = capture({});
    for (let done = 1; done <= 1000; done++) {
      console.event(
        { stage: 'finetune' },
        { kind: 'progress', label: 'steps', done, total: 1000, unit: 'steps' },
      );
    }
    expect(errors().trim().split('\n')).toEqual([
      'finetune  steps: 1 of 1,000 steps',
      'finetune  steps: 1,000 of 1,000 steps',
    ]);
  });

  test('work of which nothing is done yet is told of where there is something to say of it', () => {
    const { console, errors } = capture({});
    const none = { kind: 'progress', label: 'batch', done: 0, total: 12, unit: 'runs' } as const;
    console.event({}, none);
    expect(errors()).toBe('');
    console.event({}, { ...none, detail: 'aww: finetune 1/300' });
    expect(errors()).toBe('batch: 0 of 12 runs | aww: finetune 1/300\n');
  });

  test('hostile text stays on its line', () => {
    const { console, errors } = capture({});
    console.event({}, { kind: 'note', message: 'a\u001b[2Jb\r\nc\u202ed' });
    expect(errors()).toBe('a\\u001b[2Jb\\r\\nc\\u202ed\n');
    expect(toPrintable('line\u2028mark\u200f')).toBe('line\\u2028mark\\u200f');
    expect(toPrintable('quotes "stay", emoji 👩‍🚀 too')).toBe('quotes "stay", emoji 👩‍🚀 too');
  });
});

describe('JSON lines', () => {
  test('everything is a JSON object on output; an error also a line for people', () => {
    const { console, output, errors } = capture({ json: true });
    console.event({ stage: 'extract' }, { kind: 'warning', message: 'careful' });
    console.error(new TitlesmithError('It broke.', { code: 'broke', hint: 'Mend it.' }), { run: 'aww' });
    console.result(['for people'], { run: 'aww', seconds: 1 });
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
    const { console, errors } = capture({ terminal: true });
    const progress = {
      kind: 'progress',
      label: 'steps',
      total: 10,
      unit: 'steps',
      detail: 'loss 3.2',
    } as const;
    console.event({ stage: 'finetune' }, { ...progress, done: 5 });
    console.note('a note');
    console.clearBar();
    expect(errors()).toContain('50%  5/10 steps  loss 3.2');
    expect(errors()).toContain('█');
    expect(errors()).toContain('a note\n');
  });

  test('colours errors unless told not to', () => {
    const colored = capture({ terminal: true, color: true });
    const plain = capture({ terminal: true });
    const error = new TitlesmithError('No.', { code: 'no' });
    colored.console.error(error);
    plain.console.error(error);
    expect(colored.errors()).toContain('\u001b[31m');
    expect(plain.errors()).toBe('Error: No.\n');
  });
});
