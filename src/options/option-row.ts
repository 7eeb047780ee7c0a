import type { CommandName, StageName } from './choices.js';

/** Headings of the help text, in order. */
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

/** Range of a number, both bounds included. */
interface Bounds {
  readonly minimum: number;
  readonly maximum: number;
  /** The minimum itself is refused. */
  readonly exclusiveMinimum?: true;
  /** A word that is accepted in place of a number. */
  readonly or?: string;
}

interface Choices {
  readonly choices: readonly string[];
}

type NoParameters = Readonly<Record<never, never>>;

/** Types of values and the parameters of their rules. How they are read and checked: ./value-types.ts. */
interface RuleParameters {
  readonly integer: Bounds;
  readonly number: Bounds;
  /** One of several words. */
  readonly choice: Choices;
  /** Some of several words, separated by commas. */
  readonly choices: Choices;
  /** True if its flag is given; takes no value. */
  readonly switch: NoParameters;
  /** `true` or `false`, or a word that is accepted in place of both. */
  readonly boolean: { readonly or?: string };
  readonly text: { readonly allowsNul?: true };
  /** What is added to the logits of tokens, by their ids; as text, `198=-5,50256=2`. */
  readonly tokenBiases: Bounds;
  readonly path: NoParameters;
  /** A number of bytes; as text, also with a unit. */
  readonly bytes: NoParameters;
  /** Seconds; as text, with a unit. */
  readonly duration: NoParameters;
  readonly month: NoParameters;
  /** A month, or one relative to now. */
  readonly relativeMonth: NoParameters;
  readonly subreddit: NoParameters;
  readonly runName: NoParameters;
  /** An origin of web pages, or `*`. */
  readonly origin: NoParameters;
  /** A name or address that a server answers to, with or without a port. */
  readonly hostName: NoParameters;
  readonly cron: NoParameters;
  readonly timeZone: NoParameters;
}

export type ValueTypeName = keyof RuleParameters;

/** The rule for a value: its type and the parameters of that type. */
export type ValueRule<Type extends ValueTypeName = ValueTypeName> = {
  readonly [Name in Type]: { readonly type: Name } & RuleParameters[Name];
}[Type];

/** Starting points of a training, on which defaults depend. */
export type TrainingStart =
  | 'scratch'
  | 'pretrained'
  | 'adapters'
  | 'base'
  | 'baseAdapters'
  | 'smollm2'
  | 'smollm2Adapters';

/** One option as plain data: everything about it except how its value is used. */
export type OptionRow = ValueRule & {
  /** One sentence of help, without the default. */
  readonly help: string;
  readonly group: OptionGroup;
  /** Commands that take it. */
  readonly commands: readonly CommandName[];
  /** Name of its value in the help: `count`. Omitted for a switch. */
  readonly argument?: string;
  /** Takes several values, and may be given several times. */
  readonly list?: true;
  /** Omitted if a run decides the value. Lists default to empty, switches to false. */
  readonly default?: unknown;
  /** Defaults by starting point of a training. One that is left out is that of the next more general one. */
  readonly defaultFor?: Readonly<Partial<Record<TrainingStart, unknown>>>;
  /** Description of the default for the help, if the value is not clear by itself. */
  readonly defaultInWords?: string;
  /** What a command says of it in place of that. */
  readonly inCommand?: Readonly<
    Partial<Record<CommandName, { readonly help: string; readonly defaultInWords?: string }>>
  >;
  /** Its name on the command line, in camel case, where another command's option has that name in the table. */
  readonly flag?: string;
  /** Another name, in camel case, known from other tools. */
  readonly alias?: string;
  /** Stages whose results depend on it; a change makes them run again. */
  readonly stages?: readonly StageName[];
  /** Options that cannot be combined with it. */
  readonly conflicts?: readonly string[];
  /** Options that it requires. */
  readonly implies?: readonly string[];
};

/** Rows by the option's name, in camel case: `topK` is `--top-k`, and `top_k` over HTTP. */
export type OptionRows = Readonly<Record<string, OptionRow>>;

/** Types of values that are not strings. */
interface PlainValues {
  readonly integer: number;
  readonly number: number;
  readonly bytes: number;
  readonly duration: number;
  readonly switch: boolean;
  readonly boolean: boolean;
  readonly tokenBiases: TokenBiases;
}

/** What is added to the logits of tokens, by their ids: as OpenAI's API has it in JSON. */
export type TokenBiases = Readonly<Record<string, number>>;

/** The type of a single value of a rule. */
type ItemOf<Rule> = Rule extends { type: 'choice'; choices: readonly (infer Word)[] }
  ? Word
  : Rule extends { type: 'choices'; choices: readonly (infer Word)[] }
    ? readonly Word[]
    : Rule extends { type: infer Type }
      ?
          | (Type extends keyof PlainValues ? PlainValues[Type] : string)
          | (Rule extends { or: infer Word } ? Word : never)
      : never;

/** The type of an option's value, including undefined if it has no default. */
export type ValueOf<Row> = Row extends { list: true }
  ? readonly ItemOf<Row>[]
  : Row extends { default: NonNullable<unknown> } | { type: 'switch' }
    ? ItemOf<Row>
    : ItemOf<Row> | undefined;

/** The values of a table's options. */
export type ValuesOf<Rows> = { readonly [Name in keyof Rows]: ValueOf<Rows[Name]> };

/** The values of a table's options with the defaults of a training's starting point filled in. */
export type DecidedValuesOf<Rows> = {
  readonly [Name in keyof Rows]: Rows[Name] extends { defaultFor: unknown }
    ? ItemOf<Rows[Name]>
    : ValueOf<Rows[Name]>;
};
