import { visible } from '../../web/html.js';

/** What a setting of the page may be. */
export type SettingRule =
  | { readonly kind: 'number'; readonly minimum: number; readonly maximum: number; readonly step: number }
  | { readonly kind: 'text'; readonly longest: number }
  | { readonly kind: 'choice'; readonly values: readonly string[] };

/** The settings that a page has, by name. */
export type SettingRules = Readonly<Record<string, SettingRule>>;

interface ReadSettings {
  /** Those that may be as they are. */
  readonly settings: ReadonlyMap<string, string>;
  /** What is wrong with the others, a sentence each. */
  readonly faults: readonly string[];
}

/** Longer addresses are not ours: the longest prompt takes 4,500 characters of one. */
const longestAddress = 8000;
const mostFaults = 3;
const longestShown = 40;

/** Settings as the part of an address after its `#`, which browsers do not send: a prompt stays out of servers' logs. */
export function writeSettings(settings: ReadonlyMap<string, string>): string {
  return `#${new URLSearchParams([...settings])}`;
}

/** The same settings with a seed, which gives the same texts again. */
export function withSeed(address: string, seed: number): string {
  const settings = new URLSearchParams(address.slice(1));
  settings.set('seed', String(seed));
  return `#${settings}`;
}

/**
 * The settings of an address, which may be anybody's.
 * @param hash from `#` on; empty for none.
 * @param rules of the page as it is now; a name that is not among them is refused.
 */
export function readSettings(hash: string, rules: SettingRules): ReadSettings {
  const settings = new Map<string, string>();
  const faults: string[] = [];
  if (hash.length > longestAddress) {
    const length = hash.length.toLocaleString('en-US');
    return { settings, faults: [`Its settings have ${length} characters, which is too long for this page.`] };
  }
  const given = [...new URLSearchParams(hash.replace(/^#/, ''))];
  for (const [name, value] of given) {
    const rule = Object.hasOwn(rules, name) ? rules[name]! : undefined;
    if (!rule) faults.push(`${quoted(name)} is no setting here.`);
    else if (given.filter(([other]) => other === name).length > 1) faults.push(`${name} stands in it twice.`);
    else if (!isAllowed(value, rule))
      faults.push(`${name} must be ${inWords(rule)}; it is ${quoted(value)}.`);
    else settings.set(name, value);
  }
  return { settings, faults: shortened([...new Set(faults)]) };
}

function shortened(faults: readonly string[]): readonly string[] {
  if (faults.length <= mostFaults) return faults;
  return [...faults.slice(0, mostFaults), `And ${faults.length - mostFaults} more faults.`];
}

function isAllowed(value: string, rule: SettingRule): boolean {
  switch (rule.kind) {
    case 'text':
      return value.length <= rule.longest;
    case 'choice':
      return rule.values.includes(value);
    default: {
      // As the page writes them: no exponents, signs or spaces.
      if (!/^\d{1,16}(\.\d{1,6})?$/.test(value)) return false;
      const number = Number(value);
      const steps = (number - rule.minimum) / rule.step;
      return number >= rule.minimum && number <= rule.maximum && Math.abs(steps - Math.round(steps)) < 1e-6;
    }
  }
}

function inWords(rule: SettingRule): string {
  switch (rule.kind) {
    case 'text':
      return `a text of at most ${rule.longest} characters`;
    case 'choice':
      return 'one of those to choose from';
    default:
      return `a number from ${rule.minimum} to ${rule.maximum} in steps of ${rule.step}`;
  }
}

function quoted(text: string): string {
  const characters = [...visible(text)];
  const shown = characters.slice(0, longestShown).join('');
  return `“${shown}${characters.length > longestShown ? '…' : ''}”`;
}
