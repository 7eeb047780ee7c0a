/**
 * Text decoded token by token, with a search for stop texts. Tokens may end inside a character, and a stop text may
 * span tokens or begin in the prefix. The search is over decoded characters, that is, over what would be shown.
 */
export class IncrementalText {
  private readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  private text: string;
  private truncated = false;

  /**
   * @param truncate stop texts, none of them empty.
   * @param prefix text before the generated one: a stop text may begin in it, but not end in it.
   */
  constructor(
    private readonly truncate: readonly string[],
    private readonly prefix = '',
  ) {
    this.text = prefix;
  }

  /** Adds the bytes of one token. @returns whether a stop text has been found. */
  append(bytes: Uint8Array): boolean {
    this.grow(this.decoder.decode(bytes, { stream: true }));
    return this.truncated;
  }

  /**
   * The text after the prefix, up to the stop text. Called once.
   * @param cut whether the text was cut off at a token limit, not ended by the model: an incomplete last character is
   *   then left out; otherwise it becomes U+FFFD.
   */
  finish(cut = false): string {
    if (!cut) this.grow(this.decoder.decode());
    return this.text.slice(this.prefix.length);
  }

  /** The part of the text after the prefix that no later token can change, as no stop text can begin in it. */
  stable(): string {
    const longest = Math.max(0, ...this.truncate.map((end) => this.partialMatchAtEnd(end)));
    return this.text.slice(this.prefix.length, Math.max(this.prefix.length, this.text.length - longest));
  }

  /** Number of characters at the end of the text that may be the beginning of `end`. */
  private partialMatchAtEnd(end: string): number {
    if (this.truncated) return 0;
    let length = Math.min(end.length - 1, this.text.length);
    while (length > 0 && !this.text.endsWith(end.slice(0, length))) length--;
    return length;
  }

  private grow(added: string): void {
    if (this.truncated) return;
    const known = this.text.length;
    this.text += added;
    const ends = this.truncate.map((end) => {
      const at = this.text.indexOf(end, Math.max(0, known - end.length + 1));
      return at < 0 ? Number.POSITIVE_INFINITY : at;
    });
    const first = Math.min(...ends);
    if (first === Number.POSITIVE_INFINITY) return;
    this.truncated = true;
    this.text = this.text.slice(0, Math.max(first, this.prefix.length));
  }
}
