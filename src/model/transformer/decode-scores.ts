import type { DeviceMemory, DeviceTensor, Value } from '../engine/engine.js';

/** The model's scores for the next token of each row. Valid until the session's next call. */
export interface Scores {
  /** [rows, V] row-major, divided by the row's temperature, unless that is 0. */
  readonly logits: Float32Array;
  /** Softmax of each row of the logits. */
  readonly probabilities: Float32Array;
}

/** One row of several. */
export function scoresOfRow({ logits, probabilities }: Scores, row: number, vocabularySize: number): Scores {
  const [start, end] = [row * vocabularySize, (row + 1) * vocabularySize];
  return { logits: logits.subarray(start, end), probabilities: probabilities.subarray(start, end) };
}

type Named<T> = { readonly logits: T; readonly probabilities: T };

/** Where a decoder's runs write the scores [S,V] of their rows. */
export interface ScoreBuffer {
  /** The first rows, as results of a run. */
  bind(rows: number): Named<Value>;
  /** The scores of the first rows, valid until the next run. */
  read(rows: number): Promise<Scores>;
  /** A copy of one row's. */
  readRow(row: number): Promise<Scores>;
  dispose(): void;
}

const both = <T>(make: () => T): Named<T> => ({ logits: make(), probabilities: make() });

const each = <From, To>({ logits, probabilities }: Named<From>, map: (value: From) => To): Named<To> => ({
  logits: map(logits),
  probabilities: map(probabilities),
});

/** Scores in this process's memory. */
export class HostScoreBuffer implements ScoreBuffer {
  private readonly scores: Scores;

  constructor(
    slots: number,
    private readonly vocabularySize: number,
  ) {
    this.scores = both(() => new Float32Array(slots * vocabularySize));
  }

  bind(rows: number): Named<Float32Array> {
    return each(this.scores, (array) => array.subarray(0, rows * this.vocabularySize));
  }

  async read(): Promise<Scores> {
    return this.scores;
  }

  async readRow(row: number): Promise<Scores> {
    const [start, end] = [row * this.vocabularySize, (row + 1) * this.vocabularySize];
    return each(this.scores, (array) => array.slice(start, end));
  }

  dispose(): void {
    // Nothing outlives the arrays.
  }
}

/** Scores that stay on an engine's device until they are read. */
export class DeviceScoreBuffer implements ScoreBuffer {
  private readonly tensors: Named<DeviceTensor>;
  private readonly oneRow: Named<DeviceTensor>;
  private readonly views = new Map<number, Named<DeviceTensor>>();
  private host: HostScoreBuffer | undefined;

  /** @param sizes the buffer has rows of `rowLength`, the scores of tokens first. */
  constructor(
    private readonly memory: DeviceMemory,
    private readonly sizes: {
      readonly slots: number;
      readonly vocabularySize: number;
      readonly rowLength: number;
    },
  ) {
    const allocate = (rows: number): DeviceTensor =>
      memory.allocate({ shape: [rows, sizes.rowLength], dtype: 'float32' });
    this.tensors = both(() => allocate(sizes.slots));
    this.oneRow = both(() => allocate(1));
  }

  bind(rows: number): Named<DeviceTensor> {
    const views =
      this.views.get(rows) ?? each(this.tensors, (tensor) => tensor.view([rows, this.sizes.rowLength]));
    this.views.set(rows, views);
    return views;
  }

  async read(rows: number): Promise<Scores> {
    const { slots, vocabularySize, rowLength } = this.sizes;
    this.host ??= new HostScoreBuffer(slots, rowLength);
    const [from, to] = [this.bind(rows), this.host.bind(rows)];
    await this.memory.read([
      [from.logits, to.logits],
      [from.probabilities, to.probabilities],
    ]);
    return each(to, (array) => {
      for (let row = 1; row < rows; row++)
        array.copyWithin(row * vocabularySize, row * rowLength, row * rowLength + vocabularySize);
      return array.subarray(0, rows * vocabularySize);
    });
  }

  async readRow(row: number): Promise<Scores> {
    const { logits, probabilities } = this.tensors;
    await this.memory.copyRow(
      [
        { from: logits, to: this.oneRow.logits },
        { from: probabilities, to: this.oneRow.probabilities },
      ],
      row,
      0,
    );
    const scores = both(() => new Float32Array(this.sizes.rowLength));
    await this.memory.read([
      [this.oneRow.logits, scores.logits],
      [this.oneRow.probabilities, scores.probabilities],
    ]);
    return each(scores, (array) => array.subarray(0, this.sizes.vocabularySize));
  }

  dispose(): void {
    for (const { logits, probabilities } of [...this.views.values(), this.tensors, this.oneRow]) {
      logits.dispose();
      probabilities.dispose();
    }
  }
}
