/** Runs whose titles a shared pass is to extract. */
export class AwaitedTitles {
  private readonly arrivals = new Map<
    string,
    { readonly arrival: Promise<void>; readonly arrive: () => void }
  >();
  private readonly arrived = new Set<string>();

  constructor(names: readonly string[]) {
    for (const name of names) {
      let arrive = (): void => {};
      const arrival = new Promise<void>((resolve) => {
        arrive = resolve;
      });
      this.arrivals.set(name, { arrival, arrive });
    }
  }

  /** Resolves when a run has its titles, or will have to extract them itself. */
  async of(name: string): Promise<void> {
    await this.arrivals.get(name)?.arrival;
  }

  arrive(name: string): void {
    this.arrived.add(name);
    this.arrivals.get(name)?.arrive();
  }

  hasArrived(name: string): boolean {
    return this.arrived.has(name);
  }
}
