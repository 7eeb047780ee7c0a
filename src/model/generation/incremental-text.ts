/**
 * Text that grows by bytes: tokens may end inside a character, and the text to stop at may lie across tokens. The
 * search is over decoded characters, so that what is found is what would be shown.
 */
export class IncrementalText {
  private readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  private text = '';
  private truncated = false;

  /** @param truncate text at which this one ends, not empty; undefined: none. */
  constructor(private readonly truncate: string | undefined) {}

  /** Adds the bytes of one token. @returns whether the text to stop at has come up. */
  append(bytes: Uint8Array): boolean {
    this.grow(this.decoder.decode(bytes, { stream: true }));
    return this.truncated;
  }

  /** The whole text, up to the text to stop at; a character that was never completed becomes U+FFFD. Called once. */
  finish(): string {
    this.grow(this.decoder.decode());
    return this.text;
  }

  private grow(piece: string): void {
    if (this.truncated) return;
    const from = this.truncate === undefined ? 0 : Math.max(0, this.text.length - this.truncate.length + 1);
    this.text += piece;
    const at = this.truncate === undefined ? -1 : this.text.indexOf(this.truncate, from);
    this.truncated = at >= 0;
    if (this.truncated) this.text = this.text.slice(0, at);
  }
}
