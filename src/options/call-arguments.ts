import { usageError } from '../common/errors.js';
import { nearestWord } from '../common/nearest-word.js';
import { silentContext } from '../common/progress.js';
import type { OptionRow, ValueRule } from './option-row.js';
import { checkOption, formatValue, keyOf, readOption } from './option-values.js';
import { replacedOptions } from './table/training.js';

/**
 * Arguments of the library's functions, checked where they come in: a caller without TypeScript, or with a value of
 * type `any`, learns of a mistyped key or a wrong type instead of getting the default.
 */

/** A check of an argument that is no option of the table. */
export interface ArgumentCheck {
  readonly accepts: (value: unknown) => boolean;
  /** Completes "KEY got VALUE, which …". */
  readonly fault: string;
  readonly required?: true;
}

/** What an argument may be: a row of the option table, or a check of its own. */
type ArgumentRule = (ValueRule & Partial<Pick<OptionRow, 'list' | 'alias'>>) | ArgumentCheck;

/** The keys of an object of options, and what each may be. Unless required, a key may be left out or undefined. */
export type ArgumentRules = Readonly<Record<string, ArgumentRule>>;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A function. */
export const isFunction: ArgumentCheck = {
  accepts: (value) => typeof value === 'function',
  fault: 'is no function',
};

/** A list of texts. */
export const isTexts: ArgumentCheck = {
  accepts: (value) => Array.isArray(value) && value.every((text) => typeof text === 'string'),
  fault: 'is not a list of texts',
};

/** Anything that gives texts one after the other. */
export const isTextSource: ArgumentCheck = {
  accepts: (value) => typeof value === 'object' && value !== null && Symbol.iterator in value,
  fault: 'is not a list of texts',
  required: true,
};

/** An AbortSignal, which ends a call with its reason. */
export const isAbortSignal: ArgumentCheck = {
  accepts: (value) => value instanceof AbortSignal,
  fault: 'is no AbortSignal',
};

/** An object that has a method, such as an engine. */
export function hasMethod(name: string, what: string): ArgumentCheck {
  return {
    accepts: (value) => isObject(value) && typeof value[name] === 'function',
    fault: `is no ${what}`,
  };
}

/** An object with some keys, such as one that a function of the library returned. */
export function hasKeys(what: string, ...keys: readonly string[]): ArgumentCheck {
  return {
    accepts: (value) => isObject(value) && keys.every((key) => key in value),
    fault: `is no ${what}`,
    required: true,
  };
}

/** A list of objects with some keys. */
export function hasItems(what: string, ...keys: readonly string[]): ArgumentCheck {
  const { accepts } = hasKeys(what, ...keys);
  return {
    accepts: (value) => Array.isArray(value) && value.every(accepts),
    fault: `is not a list of ${what}`,
    required: true,
  };
}

/** A context of work. */
export const isContext: ArgumentCheck = {
  accepts: (value) => {
    if (!isObject(value)) return false;
    const { onProgress, signal } = value;
    const stops = signal === undefined || (isObject(signal) && typeof signal['aborted'] === 'boolean');
    return stops && (onProgress === undefined || typeof onProgress === 'function');
  },
  fault: 'is no context: an object with onProgress, a function, and signal, an AbortSignal',
};

/** The same check of an argument that cannot be left out. */
export function required(check: ArgumentCheck): ArgumentCheck {
  return { ...check, required: true };
}

/** A text that can be neither empty nor left out, such as a path. */
export const isText: ArgumentCheck = {
  accepts: (value) => typeof value === 'string' && value !== '' && !value.includes('\0'),
  fault: 'is no text, or an empty one',
  required: true,
};

/**
 * Checks an object of options: every key is known, every value as its rule says.
 * @param callee the function that takes them, for messages.
 * @returns the options, with names that can be spelt in several ways (`r/AskReddit`) spelt in one.
 * @throws TitlesmithError `usage` naming the function, the key, the value and the rule it breaks.
 */
export function checkArguments<Given extends object>(
  callee: string,
  given: Given,
  rules: ArgumentRules,
): Given {
  if (!isObject(given)) {
    throw usageError(
      `${callee} got ${formatValue(given)} in place of its options.`,
      'Pass them as an object: { key: value }.',
    );
  }
  const unknown = Object.keys(given).find((key) => !Object.hasOwn(rules, key));
  if (unknown !== undefined) throw unknownKey(callee, unknown, rules);
  const checked = Object.entries(rules).map(([key, rule]) => [
    key,
    checkArgument(callee, key, given[key], rule),
  ]);
  return Object.fromEntries(checked.filter(([key]) => Object.hasOwn(given, String(key)))) as Given;
}

/** Checks one argument. @returns it, spelt as the rule says. @throws as {@link checkArguments}. */
export function checkArgument(callee: string, key: string, value: unknown, rule: ArgumentRule): unknown {
  const label = `${callee}: ${key}`;
  if ('accepts' in rule) {
    if (value === undefined && rule.required) throw usageError(`${callee} needs ${key}.`);
    if (value === undefined || rule.accepts(value)) return value;
    throw usageError(`${label} got ${formatValue(value)}, which ${rule.fault}.`);
  }
  if (value === undefined) return undefined;
  if (!rule.list) return checkItem(label, rule, value);
  if (!Array.isArray(value)) throw usageError(`${label} got ${formatValue(value)}, which is not a list.`);
  return value.map((item) => checkItem(label, rule, item));
}

/** Names have several spellings, which are read; of other values the type must be right already. */
function checkItem(label: string, rule: ValueRule, value: unknown): unknown {
  if (typeof value === 'string' && ['subreddit', 'origin', 'hostName'].includes(rule.type))
    return readOption(label, rule, value);
  checkOption(label, rule, value);
  return value;
}

/** Names that the same thing has in other tools. */
const namesElsewhere: Readonly<Record<string, string>> = {
  batchsize: 'slots',
  modelname: 'model',
  runname: 'folder',
  checkpointdir: 'folder',
  rundir: 'folder',
  maxtokens: 'length',
  n: 'nsamples',
  numsamples: 'nsamples',
  prompt: 'prefix',
  stop: 'truncate',
};

/** Options that another function of the library has in place of this one's. */
const placesElsewhere: Readonly<Record<string, string>> = {
  batchsize: 'Texts are computed side by side by themselves; slots of loadModel says how many.',
  runname: 'A run is opened by its folder: loadModel("runs/NAME").',
};

/** `top_k`, `top-k` and `TopK` → `topk`. */
function folded(key: string): string {
  return key.replace(/[-_]/g, '').toLowerCase();
}

function unknownKey(callee: string, key: string, rules: ArgumentRules): Error {
  const known = Object.keys(rules);
  const message = `${callee} has no option ${JSON.stringify(key.slice(0, 100))}.`;
  const same = known.find((name) => {
    const rule = rules[name]!;
    return [name, 'alias' in rule ? rule.alias : undefined].some(
      (spelling) => spelling !== undefined && folded(spelling) === folded(key),
    );
  });
  const meant =
    same ?? [namesElsewhere[folded(key)]].find((name) => name !== undefined && known.includes(name));
  if (meant !== undefined) return usageError(message, `Did you mean ${meant}?`);
  const place = placesElsewhere[folded(key)];
  if (place !== undefined && callee.startsWith('generate')) return usageError(message, place);
  const replacement = replacedOptions[`--${keyOf(key.replaceAll('_', '-'))}`];
  if (replacement !== undefined)
    return usageError(message, `It is an option of gpt-2-simple alone: ${replacement}.`);
  const nearest = nearestWord(key, known);
  if (nearest !== undefined) return usageError(message, `Did you mean ${nearest}?`);
  return usageError(message, `It has ${known.join(', ')}.`);
}

/**
 * A caller's context with what it leaves out: nothing is reported, nothing stops the work.
 * @throws TitlesmithError `usage` when it is no context.
 */
export function completeContext<Context extends object>(
  callee: string,
  context: Partial<Context> | undefined,
): Context {
  checkArgument(callee, 'context', context, isContext);
  return { ...silentContext, ...withoutUndefined(context ?? {}) } as unknown as Context;
}

/** The keys whose value is not undefined, so that a spread of them does not hide defaults. */
export function withoutUndefined<Values extends object>(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Values;
}
