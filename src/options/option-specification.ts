import type { StageName } from './choices.js';
import { truth } from './option-values.js';

/** One option: what its flag, its check, its default, its documentation and its record in run.json come from. */
export interface OptionSpecification<Value> {
  /** What the value is called in the help, `<month>`; undefined for a switch without a value. */
  readonly argument: string | undefined;
  /** Takes several values, and may be given several times. */
  readonly list: boolean;
  /** One value from text; throws an Error that completes "got VALUE, which …". */
  readonly parse: (text: string) => unknown;
  readonly fallback: Value;
  /** One sentence of help, without its default. */
  readonly help: string;
  readonly group: OptionGroup;
  /** Stages whose results depend on it, so that a change makes them run again. */
  readonly stages: readonly StageName[];
  /** What the help says the default is, where the value itself would not say it. */
  readonly defaultInWords?: string;
  /** Another flag for the same, as people know it from elsewhere. */
  readonly alias?: string;
}

/** Headings of the help, in order. */
export const optionGroups = [
  'Titles',
  'Model',
  'Device',
  'Training',
  'Generation',
  'Review',
  'Run',
  'Server',
] as const;
export type OptionGroup = (typeof optionGroups)[number];

type Rest = Pick<OptionSpecification<unknown>, 'help' | 'group' | 'stages' | 'defaultInWords' | 'alias'>;

/** An option with one value. `fallback` is undefined where the run decides (and records) the value. */
export function value<Value>(
  argument: string,
  parse: (text: string) => Value,
  fallback: Value,
  rest: Rest,
): OptionSpecification<Value> {
  return { argument, list: false, parse, fallback, ...rest };
}

/** An option whose value the run decides (and records) where it is not given. */
export function decidedValue<Value>(argument: string, parse: (text: string) => Value, rest: Rest) {
  return value<Value | undefined>(argument, parse, undefined, rest);
}

/** An option that takes several values. */
export function list<Item>(
  argument: string,
  parse: (text: string) => Item,
  rest: Rest,
): OptionSpecification<readonly Item[]> {
  return { argument, list: true, parse, fallback: [], ...rest };
}

/** A switch. */
export function flag(rest: Rest): OptionSpecification<boolean> {
  return { argument: undefined, list: false, parse: truth, fallback: false, ...rest };
}
