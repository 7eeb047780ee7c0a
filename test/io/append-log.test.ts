import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import type { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TitlesmithError } from '../../src/common/errors.js';
import { AppendLog, readAppendLog } from '../../src/io/append-log.js';
import { jsonLines, type RecordFormat, tfRecords } from '../../src/io/record-formats.js';

interface Step {
  readonly step: number;
  readonly text: string;
}

function parseStep(value: unknown, number: number): Step {
  if (typeof value === 'object' && value !== null && 'step' in value) return value as Step;
  throw new TitlesmithError(`line ${number} is no step`, { code: 'no-step' });
}

const formats: readonly (readonly [string, RecordFormat<Step>])[] = [
  ['lines of JSON', jsonLines(parseStep)],
  [
    'TFRecords',
    tfRecords({
      encode: (record: Step) => Buffer.from(JSON.stringify(record)),
      decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as Step,
    }),
  ],
];

let path: string;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'titlesmith-log-'));
  path = join(folder, 'new/log');
});
afterEach(() => rmSync(folder, { recursive: true }));

const steps: readonly Step[] = [1, 2, 3].map((step) => ({ step, text: `é\n${'x'.repeat(step)}` }));

async function write(format: RecordFormat<Step>, records: readonly Step[]): Promise<void> {
  const log = await AppendLog.open(path, format);
  for (const record of records) await log.append(record);
  await log.close();
}

describe.each(formats)('a log of %s', (_, format) => {
  test('is made with its folder, and gives back what was added', async () => {
    expect(await readAppendLog(path, format)).toEqual([]);
    await write(format, []);
    expect(existsSync(path)).toBe(true);
    await write(format, steps);
    expect(await readAppendLog(path, format)).toEqual(steps);
  });

  test('goes on where it ended', async () => {
    await write(format, steps.slice(0, 1));
    const log = await AppendLog.open(path, format);
    expect(log.opened).toEqual(steps.slice(0, 1));
    await log.append(steps[1]!, { flush: true });
    await log.append(steps[2]!);
    await log.flush();
    expect(await readAppendLog(path, format)).toEqual(steps);
    await log.close();
  });

  test('is cut back to its last whole record, wherever a crash cut it', async () => {
    await write(format, steps.slice(0, 2));
    const whole = readFileSync(path).length;
    await write(format, steps.slice(2));
    const all = readFileSync(path);
    for (let bytes = whole; bytes < all.length; bytes += 1) {
      writeFileSync(path, all);
      truncateSync(path, bytes);
      const log = await AppendLog.open(path, format);
      expect(log.opened).toEqual(steps.slice(0, 2));
      expect(readFileSync(path).length).toBe(whole);
      await log.append(steps[2]!);
      await log.close();
      expect(readFileSync(path).equals(all)).toBe(true);
    }
  });

  test('is cut back before zeros, which a power cut may leave', async () => {
    await write(format, steps);
    const whole = readFileSync(path);
    appendFileSync(path, Buffer.alloc(5000));
    await write(format, []);
    expect(readFileSync(path).equals(whole)).toBe(true);
  });

  test('is cut where the opener says so', async () => {
    await write(format, steps);
    const seen: number[] = [];
    const log = await AppendLog.open(path, format, ({ step }, index) => {
      seen.push(index);
      return step < 2;
    });
    await log.close();
    expect(seen).toEqual([0, 1]);
    expect(await readAppendLog(path, format)).toEqual(steps.slice(0, 1));
  });

  test('keeps the order of calls that overlap', async () => {
    const log = await AppendLog.open(path, format);
    const many = Array.from({ length: 50 }, (_, step) => ({ step, text: 'x'.repeat(step % 7) }));
    await Promise.all(many.map((record) => log.append(record, { flush: record.step % 10 === 0 })));
    await log.close();
    expect(await readAppendLog(path, format)).toEqual(many);
  });

  test('is as before when a record cannot be written', async () => {
    await write(format, steps.slice(0, 1));
    const log = await AppendLog.open(path, format);
    const { handle } = log as unknown as { handle: Awaited<ReturnType<typeof open>> };
    const put = handle.write.bind(handle) as (...words: unknown[]) => Promise<unknown>;
    const own = handle.write;
    // What was written stands there, and then the disk is full.
    handle.write = (async (...words: unknown[]) => {
      await put(...words);
      throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    }) as typeof own;
    await expect(log.append(steps[1]!, { flush: true })).rejects.toThrow(
      `Cannot write ${path}: no space left on the device.`,
    );
    expect(await readAppendLog(path, format)).toEqual(steps.slice(0, 1));
    handle.write = own;
    await log.append(steps[2]!, { flush: true });
    await log.close();
    expect(await readAppendLog(path, format)).toEqual([steps[0], steps[2]]);
  });

  test('names the path when it cannot be opened', async () => {
    await expect(AppendLog.open(folder, format)).rejects.toThrow(`Cannot read ${folder}: it is a folder`);
  });
});

test('a whole line that cannot have been written is a fault, and the file stays as it is', async () => {
  await write(jsonLines(parseStep), steps.slice(0, 1));
  for (const line of ['no json\n', '{"other":1}\n']) {
    const before = readFileSync(path, 'utf8');
    appendFileSync(path, line);
    await expect(AppendLog.open(path, jsonLines(parseStep))).rejects.toThrow('line 2 is no step');
    expect(readFileSync(path, 'utf8')).toBe(before + line);
    writeFileSync(path, before);
  }
});

test('a TFRecord with a flipped bit ends the log', async () => {
  const [, format] = formats[1]!;
  await write(format, steps);
  const content = readFileSync(path);
  const first = format.encode(steps[0]!).length;
  for (const byte of [first, first + 9, first + 13, first + format.encode(steps[1]!).length - 1]) {
    const damaged = Buffer.from(content);
    damaged[byte]! ^= 4;
    writeFileSync(path, damaged);
    expect(await readAppendLog(path, format)).toEqual(steps.slice(0, 1));
  }
});
