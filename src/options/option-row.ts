import type { CommandName, StageName } from './choices.js';

/** Headings of the help, in order. */
export const optionGroups = [
  'Titles',
  'Model',
  'Device',
  'Training',
  'Generation',
  'Review',
  'Server',
  'Export',
  'Batch',
  'Run',
] as const;
type OptionGroup = (typeof optionGroups)[number];

/** What a number may be, both bounds included. */
interface Bounds {
  readonly minimum: number;
  readonly maximum: number;
  /** The minimum itself is refused. */
  readonly exclusiveMinimum?: true;
  /** A word that may stand in the number's place. */
  readonly or?: string;
}

interface Choices {
  readonly choices: readonly string[];
}

type NoParameters = Readonly<Record<never, never>>;

/** Types of values, and what a rule of each says besides its type. How they are read and checked: ./value-types.ts. */
interface RuleParameters {
  readonly integer: Bounds;
  readonly number: Bounds;
  /** One of several words. */
  readonly choice: Choices;
  /** Some of several words, with commas between. */
  readonly choices: Choices;
  /** True where its flag stands; takes no value. */
  readonly switch: NoParameters;
  /** `true` or `false`. */
  readonly boolean: NoParameters;
  readonly text: { readonly allowsNul?: true };
  readonly path: NoParameters;
  /** A number of bytes, in text also with a unit. */
  readonly bytes: NoParameters;
  /** Seconds, in text with a unit. */
  readonly duration: NoParameters;
  readonly month: NoParameters;
  /** A month, or one relative to now. */
  readonly relativeMonth: NoParameters;
  readonly subreddit: NoParameters;
  readonly runName: NoParameters;
  /** An origin of web pages, or `*`. */
  readonly origin: NoParameters;
  readonly cron: NoParameters;
  readonly timeZone: NoParameters;
}

export type ValueTypeName = keyof RuleParameters;

/** What a value may be: its type and the bounds or choices of that type. */
export type ValueRule<Type extends ValueTypeName = ValueTypeName> = {
  readonly [Name in Type]: { readonly type: Name } & RuleParameters[Name];
}[Type];

/** What a training starts from, as far as defaults depend on it. */
export type TrainingStart = 'scratch' | 'pretrained' | 'adapters';

/** One option, as plain data: all that is to be known of it but the use of its value. */
export type OptionRow = ValueRule & {
  /** One sentence of help, without the default. */
  readonly help: string;
  readonly group: OptionGroup;
  /** Commands that take it. */
  readonly commands: readonly CommandName[];
  /** What its value is called in the help: `count`. Left out for a switch. */
  readonly argument?: string;
  /** Takes several values, and may be given several times. */
  readonly list?: true;
  /** Left out where a run decides the value; an empty list or false where the type says so. */
  readonly default?: unknown;
  /** Defaults of a training; `adapters` is as `pretrained` where it is left out. */
  readonly defaultFor?: Readonly<Partial<Record<TrainingStart, unknown>>>;
  /** What the help says the default is, where the value would not say it. */
  readonly defaultInWords?: string;
  /** Another name of it, in the table's spelling, as people know it from elsewhere. */
  readonly alias?: string;
  /** Stages whose results depend on it, so that a change makes them run again. */
  readonly stages?: readonly StageName[];
  /** Options that cannot be given beside it. */
  readonly conflicts?: readonly string[];
  /** Options that must be given with it. */
  readonly implies?: readonly string[];
};

/** Rows by the option's name, in camel case: `topK` is `--top-k`, and `top_k` over HTTP. */
export type OptionRows = Readonly<Record<string, OptionRow>>;

/** Types of values that rules do not narrow further. */
interface PlainValues {
  readonly integer: number;
  readonly number: number;
  readonly bytes: number;
  readonly duration: number;
  readonly switch: boolean;
  readonly boolean: boolean;
}

/** One value by a rule. */
type ItemOf<Rule> = Rule extends { type: 'choice'; choices: readonly (infer Word)[] }
  ? Word
  : Rule extends { type: 'choices'; choices: readonly (infer Word)[] }
    ? readonly Word[]
    : Rule extends { type: infer Type }
      ?
          | (Type extends keyof PlainValues ? PlainValues[Type] : string)
          | (Rule extends { or: infer Word } ? Word : never)
      : never;

/** The value of an option; undefined is among them where nothing is its default. */
export type ValueOf<Row> = Row extends { list: true }
  ? readonly ItemOf<Row>[]
  : Row extends { default: NonNullable<unknown> } | { type: 'switch' }
    ? ItemOf<Row>
    : ItemOf<Row> | undefined;

/** The values of a table's options. */
export type ValuesOf<Rows> = { readonly [Name in keyof Rows]: ValueOf<Rows[Name]> };

/** The values of a table's options once it is known what a training starts from. */
export type DecidedValuesOf<Rows> = {
  readonly [Name in keyof Rows]: Rows[Name] extends { defaultFor: unknown }
    ? ItemOf<Rows[Name]>
    : ValueOf<Rows[Name]>;
};
