/** Guesses how long work will take, from how long its parts took. */
export class TimeLeft {
  private first: { readonly done: number; readonly at: number } | undefined;

  /**
   * @param done parts that are done, of `total`.
   * @returns seconds; undefined until two counts were seen, some time apart.
   */
  after(done: number, total: number | undefined): number | undefined {
    const at = performance.now();
    this.first ??= { done, at };
    const made = done - this.first.done;
    const seconds = (at - this.first.at) / 1000;
    if (total === undefined || made <= 0 || seconds < fewestSeconds) return undefined;
    return ((total - done) * seconds) / made;
  }
}

/** Earlier, a guess would jump about. */
const fewestSeconds = 3;
