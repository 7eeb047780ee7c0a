/** Where the time of a training step goes, in seconds. */
export interface StepParts {
  /** Forward and backward, the batch going to the card and the loss coming back among it. */
  readonly forwardBackward: number;
  /** The gradient's norm and the optimizer. */
  readonly update: number;
  /** Of it: a batch copied to the card, and the loss and the norm back, by themselves. */
  readonly copies: number;
}

/** Texts of 24 tokens, so many at a time. */
export interface GenerationRate {
  readonly slots: number;
  readonly topP: number;
  readonly textsPerSecond: number;
  /** Of the rate of a copy, what reading all weights once for each token of the slots takes. */
  readonly shareOfCopy: number;
  /**
   * Seconds of a step of all slots; of them outside the model, starting and ending texts, and choosing tokens where that
   * is done here; and choosing them on the device, by itself.
   */
  readonly step?: { readonly seconds: number; readonly outside: number; readonly sampling?: number };
}

/** What one contestant came to, as it prints it: one line of JSON. */
export interface Measured {
  readonly name: string;
  readonly tokensPerSecond: number;
  readonly gigaflops: number;
  readonly matmulGigaflops?: number;
  readonly shareOfMatmul?: number;
  readonly copyGigabytes?: number;
  readonly parts?: StepParts;
  readonly generation?: readonly GenerationRate[];
}

/** The time of a kernel in one step. */
export interface KernelTime {
  readonly kernel: string;
  readonly launches: number;
  readonly milliseconds: number;
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

export const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
};
