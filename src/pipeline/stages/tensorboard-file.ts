import { AppendLog } from '../../io/append-log.js';
import { field, type MessageDescriptions, messageCodec, repeatedField } from '../../io/protobuf.js';
import { type RecordFormat, tfRecords } from '../../io/record-formats.js';
import type { MetricsLine } from '../../model/training/training-storage.js';

/** The used fields of TensorBoard's messages (tensorflow/core/util/event.proto and framework/summary.proto). */
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

interface TensorBoardEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  /** 0 in the first event, which names the version. */
  readonly step?: number;
  readonly fileVersion?: string;
  readonly summary?: { readonly value: readonly { readonly tag: string; readonly simpleValue: number }[] };
}

const codec = messageCodec(messages, 'Event');
const events: RecordFormat<TensorBoardEvent> = tfRecords({
  encode: (event: TensorBoardEvent) => codec.encode(event),
  decode: (bytes) => codec.decode(bytes) as TensorBoardEvent,
});

/** TensorBoard tags by metric; the part before the slash becomes a section of its page. */
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

/** A TensorBoard event file with the metrics of metrics.jsonl, appended to while training. */
export class TensorBoardFile {
  private constructor(private readonly log: AppendLog<TensorBoardEvent>) {}

  /**
   * Opens or creates the file and truncates it after `lastStep`, so that a resumed run plots no step twice.
   * @param path its name must contain `tfevents`.
   * @throws TitlesmithError naming the path.
   */
  static async open(path: string, lastStep: number): Promise<TensorBoardFile> {
    const log = await AppendLog.open(path, events, ({ step = 0 }) => lastStep > 0 && step <= lastStep);
    if (log.opened.length === 0) {
      await log.append({ wallTime: Date.now() / 1000, fileVersion: 'brain.Event:2' });
    }
    return new TensorBoardFile(log);
  }

  /** Appends the metrics of a line. @param time milliseconds since 1970. */
  append(line: MetricsLine, time = Date.now()): Promise<void> {
    const value = tags.flatMap(([name, tag]) => {
      const simpleValue = line[name];
      return simpleValue === undefined ? [] : [{ tag, simpleValue }];
    });
    return this.log.append({ wallTime: time / 1000, step: line.step, summary: { value } });
  }

  /** Flushes to disk. */
  flush(): Promise<void> {
    return this.log.flush();
  }

  close(): Promise<void> {
    return this.log.close();
  }
}
