import { byId } from '../../web/client/dom.js';

/** The model that texts are asked of, where the page offers several. */
export class ModelChoice {
  private readonly select = document.querySelector<HTMLSelectElement>('select#model');
  private leaving: AbortController | undefined;

  /**
   * @param onProblem shows why the page of a model cannot be had; an empty text when that is over.
   * @param onShown called when the page is that of another model.
   */
  constructor(
    private readonly onProblem: (message: string) => void,
    private readonly onShown: () => void,
  ) {
    this.select?.addEventListener('change', () => void this.show(this.select!.value));
  }

  /** What requests name; undefined where there is one model. */
  get name(): string | undefined {
    return this.select?.value;
  }

  /** What the chosen model is called on the page. */
  get title(): string {
    return byId('model-name', HTMLElement).textContent?.trim() ?? '';
  }

  /** Chooses a model by what it is called on the page. @returns whether that is the model now. */
  async choose(title: string): Promise<boolean> {
    if (title === this.title) return true;
    const option = [...(this.select?.options ?? [])].find(({ text }) => text === title);
    if (!this.select || !option) return false;
    this.select.value = option.value;
    await this.show(option.value);
    return title === this.title;
  }

  /** Puts what depends on the model in place, taken from that model's own page, and its name into the address. */
  private async show(name: string): Promise<void> {
    this.leaving?.abort();
    const leaving = new AbortController();
    this.leaving = leaving;
    const address = `page?${new URLSearchParams({ model: name })}`;
    try {
      const response = await fetch(address, { signal: leaving.signal });
      if (!response.ok) throw new Error(String(response.status));
      const other = new DOMParser().parseFromString(await response.text(), 'text/html');
      for (const part of document.querySelectorAll('[data-of-model]')) {
        const theirs = other.getElementById(part.id);
        if (theirs) part.replaceWith(document.importNode(theirs, true));
      }
      document.title = other.title;
      history.replaceState(null, '', address);
      this.onProblem('');
      this.onShown();
    } catch {
      if (!leaving.signal.aborted) this.onProblem('The server cannot be reached.');
    }
  }
}
