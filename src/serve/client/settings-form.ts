import { byId } from '../../web/client/dom.js';
import type { TextsRequest } from '../page/page-messages.js';
import { readSettings, type SettingRule, type SettingRules, writeSettings } from '../page/page-settings.js';

const sliderNames = ['n', 'temperature', 'length', 'top_k', 'top_p'] as const;
const textNames = ['prompt', 'subreddit', 'keywords'] as const;

/** A control of the form; undefined where the chosen model has none. */
function control(name: string): HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement | undefined {
  return (
    document.querySelector<HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>(`#${name}`) ??
    undefined
  );
}

/** The settings of the form, in the page's address too. */
export class SettingsForm {
  private readonly sliders = sliderNames.map((name) => byId(name, HTMLInputElement));
  private readonly seed = byId('seed', HTMLInputElement);

  constructor(form: HTMLFormElement) {
    form.addEventListener('input', ({ target }) => {
      if (target instanceof HTMLInputElement) showValue(target);
    });
    // Not at every letter: browsers limit how often a page may change its address.
    form.addEventListener('change', ({ target }) => {
      if (target instanceof HTMLElement && target.id !== 'key' && target.id !== 'model') this.showInAddress();
    });
    for (const slider of this.sliders) showValue(slider);
  }

  /** What the form asks for. */
  get request(): Omit<TextsRequest, 'model'> & { readonly n: number } {
    const numbers = this.sliders.map((slider): [string, number] => [slider.id, slider.valueAsNumber]);
    const conditions = [control('subreddit'), control('keywords')].filter((field) => field?.value);
    return {
      prompt: byId('prompt', HTMLTextAreaElement).value,
      n: byId('n', HTMLInputElement).valueAsNumber,
      ...Object.fromEntries(numbers),
      ...(this.seed.value === '' ? {} : { seed: this.seed.valueAsNumber }),
      ...Object.fromEntries(conditions.map((field) => [field!.id, field!.value])),
    };
  }

  /** The settings as an address has them. */
  asAddress(): string {
    const settings = new Map<string, string>();
    for (const name of [...textNames, ...sliderNames, 'seed']) {
      const value = control(name)?.value ?? '';
      if (value !== '') settings.set(name, value);
    }
    return writeSettings(settings);
  }

  /** Puts the settings into the page's address, in the place of those that are there. */
  showInAddress(): void {
    history.replaceState(null, '', this.asAddress());
  }

  /**
   * Sets the form to what an address says, its other settings to what they are at first.
   * @returns what is wrong with the address, in one line; empty for nothing.
   */
  take(address: string): string {
    const { settings, faults } = readSettings(address, this.rules());
    for (const name of [...textNames, ...sliderNames, 'seed']) {
      const field = control(name);
      if (!field) continue;
      field.value = settings.get(name) ?? initialValue(field);
      if (field instanceof HTMLInputElement) showValue(field);
    }
    const isFiner = ['length', 'top_k', 'top_p', 'seed'].some((name) => {
      const field = control(name);
      return field !== undefined && field.value !== initialValue(field);
    });
    if (isFiner) byId('finer', HTMLDetailsElement).open = true;
    return faults.length === 0
      ? ''
      : `Not all settings of the address were taken. ${faults.join(' ')} What it does not set is as at first.`;
  }

  private rules(): SettingRules {
    const rules: Record<string, SettingRule> = {};
    for (const { id, min, max, step } of [...this.sliders, this.seed])
      rules[id] = { kind: 'number', minimum: Number(min), maximum: Number(max), step: Number(step) };
    for (const name of textNames) {
      const field = control(name);
      if (field instanceof HTMLSelectElement)
        rules[name] = { kind: 'choice', values: [...field.options].map(({ value }) => value) };
      else if (field) rules[name] = { kind: 'text', longest: field.maxLength };
    }
    return rules;
  }
}

function initialValue(field: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement): string {
  return field instanceof HTMLSelectElement ? (field.options[0]?.value ?? '') : field.defaultValue;
}

/** Shows a slider's value beside it. */
function showValue(slider: HTMLInputElement): void {
  const shown = document.getElementById(`${slider.id}-value`);
  if (shown) shown.textContent = slider.valueAsNumber.toLocaleString('en-US');
}
