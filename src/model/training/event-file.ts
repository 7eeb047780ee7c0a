import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileError, systemErrorCode } from '../../common/errors.js';
import { crc32c, maskCrc } from '../../io/crc32c.js';
import { field, type MessageDescriptions, messageCodec, repeatedField } from '../../io/protobuf.js';
import type { MetricsLine } from './training-options.js';

/** TensorBoard's messages (tensorflow/core/util/event.proto and framework/summary.proto), as far as they are used. */
const messages: MessageDescriptions = {
  Event: {
    fields: {
      wallTime: field(1, 'double'),
      step: field(2, 'int64'),
      fileVersion: field(3, 'string'),
      summary: field(5, 'Summary'),
    },
  },
  Summary: { fields: { value: repeatedField(1, 'Value') } },
  Value: { fields: { tag: field(1, 'string'), simpleValue: field(2, 'float') } },
};
const event = messageCodec(messages, 'Event');

/** What TensorBoard calls the numbers of a line; what stands before the slash becomes a section of its page. */
const tags: readonly (readonly [keyof MetricsLine, string])[] = [
  ['loss', 'loss/train'],
  ['validationLoss', 'loss/validation'],
  ['nearCopyShare', 'samples/near_copy_share'],
  ['learningRate', 'training/learning_rate'],
  ['gradientNorm', 'training/gradient_norm'],
  ['tokensPerSecond', 'training/tokens_per_second'],
  ['lossScale', 'training/loss_scale'],
  ['skippedSteps', 'training/skipped_steps'],
];

/** Bytes of a record before its data (length and its CRC) and behind it (the data's CRC). */
const [before, behind] = [12, 4];

/** A record as TensorFlow frames it (tensorflow/core/lib/io/record_writer.h). */
function frame(data: Uint8Array): Buffer {
  const record = Buffer.alloc(before + data.length + behind);
  record.writeBigUInt64LE(BigInt(data.length));
  record.writeUInt32LE(maskCrc(crc32c(record.subarray(0, 8))), 8);
  record.set(data, before);
  record.writeUInt32LE(maskCrc(crc32c(data)), before + data.length);
  return record;
}

/** Bytes of the whole records at the beginning whose steps are at most `lastStep`. */
function bytesUpTo(content: Buffer, lastStep: number): number {
  let end = 0;
  while (end + before <= content.length) {
    const length = Number(content.readBigUInt64LE(end));
    const next = end + before + length + behind;
    if (next > content.length) break;
    const data = content.subarray(end + before, end + before + length);
    if (content.readUInt32LE(next - behind) !== maskCrc(crc32c(data))) break;
    if ((event.decode(data) as { step: number }).step > lastStep) break;
    end = next;
  }
  return end;
}

/** A file of events that TensorBoard plots: what metrics.jsonl says, appended while training. */
export class EventFile {
  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    private bytes: number,
  ) {}

  /**
   * Opens or creates the file and cuts off what stands behind `lastStep`, so that a resumed run plots no step twice.
   * @throws TitlesmithError naming the path.
   */
  static async open(path: string, lastStep: number): Promise<EventFile> {
    try {
      await mkdir(dirname(path), { recursive: true });
      const handle = await openOrCreate(path);
      const kept = lastStep > 0 ? bytesUpTo(await handle.readFile(), lastStep) : 0;
      await handle.truncate(kept);
      const file = new EventFile(path, handle, kept);
      if (kept === 0) await file.write({ wallTime: Date.now() / 1000, fileVersion: 'brain.Event:2' });
      return file;
    } catch (error) {
      throw fileError('write', path, error);
    }
  }

  /** Adds the numbers of a line. @param time milliseconds since 1970. */
  async append(line: MetricsLine, time = Date.now()): Promise<void> {
    const value = tags.flatMap(([name, tag]) => {
      const simpleValue = line[name];
      return simpleValue === undefined ? [] : [{ tag, simpleValue }];
    });
    await this.write({ wallTime: time / 1000, step: line.step, summary: { value } });
  }

  private async write(message: object): Promise<void> {
    const record = frame(event.encode(message));
    try {
      await this.handle.write(record, 0, record.length, this.bytes);
    } catch (error) {
      throw fileError('write', this.path, error);
    }
    this.bytes += record.length;
  }

  /** Flushes to disk. */
  async flush(): Promise<void> {
    try {
      await this.handle.sync();
    } catch (error) {
      throw fileError('write', this.path, error);
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    return open(path, 'w+');
  }
}
