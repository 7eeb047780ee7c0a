import { streamChunks } from '../../io/compression/web-streams.js';

/** Characters that are gathered in memory. */
const gatheredCharacters = 2 ** 20;

/** Records in a Blob, which browsers keep out of memory where it is large. */
export class RecordBlob {
  private blob = new Blob([]);
  private waiting: string[] = [];
  private characters = 0;

  add(record: string): void {
    this.waiting.push(record);
    this.characters += record.length;
    if (this.characters >= gatheredCharacters) this.settle();
  }

  /** All of them, as UTF-8. */
  chunks(): AsyncIterable<Uint8Array> {
    this.settle();
    return streamChunks(this.blob.stream() as ReadableStream<Uint8Array>);
  }

  private settle(): void {
    this.blob = new Blob([this.blob, ...this.waiting]);
    this.waiting = [];
    this.characters = 0;
  }
}
