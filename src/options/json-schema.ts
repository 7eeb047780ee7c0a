import type { OptionRow, OptionRows, ValueOf, ValueRule } from './option-row.js';
import { defaultOf } from './option-values.js';

/** `topK` → `top_k`. */
type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : '';

/** Rows by their names as fields of a JSON body. */
type FieldsOf<Rows> = { readonly [Name in keyof Rows & string as SnakeCase<Name>]: Rows[Name] };

/** Values of options in a JSON body. */
export type BodyOf<Rows> = Partial<FieldValues<FieldsOf<Rows>>>;

/** The values of fields. */
export type FieldValues<Rows> = { readonly [Name in keyof Rows]: ValueOf<Rows[Name]> };

function fieldOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Options as fields of a JSON body: their rows by names in snake case. */
export function toFields<Rows extends OptionRows>(rows: Rows): FieldsOf<Rows> {
  return Object.fromEntries(
    Object.entries(rows).map(([name, row]) => [fieldOf(name), row]),
  ) as FieldsOf<Rows>;
}

/** The reverse of {@link toFields}, for values: by the options' names. */
export function fromFields<Rows extends OptionRows>(
  rows: Rows,
  values: FieldValues<FieldsOf<Rows>>,
): { readonly [Name in keyof Rows]: ValueOf<Rows[Name]> } {
  const byField = values as Readonly<Record<string, unknown>>;
  const entries = Object.keys(rows).map((name) => [name, byField[fieldOf(name)]]);
  return Object.fromEntries(entries) as { readonly [Name in keyof Rows]: ValueOf<Rows[Name]> };
}

/** The subset of JSON Schema that options need. */
interface JsonSchema {
  readonly type: string | readonly string[];
  readonly [keyword: string]: unknown;
}

/**
 * The JSON Schema of a value.
 * @throws RangeError for types that are not used over HTTP, such as paths.
 */
function schemaOf(rule: ValueRule): JsonSchema {
  switch (rule.type) {
    case 'integer':
    case 'number': {
      const { type, minimum, maximum, exclusiveMinimum } = rule;
      return { type, ...(exclusiveMinimum ? { exclusiveMinimum: minimum } : { minimum }), maximum };
    }
    case 'boolean':
    case 'switch':
      return { type: 'boolean' };
    case 'tokenBiases': {
      const { minimum, maximum } = rule;
      return { type: 'object', additionalProperties: { type: 'number', minimum, maximum } };
    }
    case 'choice':
      return { type: 'string', enum: rule.choices };
    default:
      throw new RangeError(`An option of type ${rule.type} has no JSON Schema.`);
  }
}

/**
 * The JSON Schemas of fields, by their names.
 * @param nullable whether null means that the field is absent.
 */
export function fieldSchemas(
  fields: OptionRows,
  { nullable = false }: { readonly nullable?: boolean } = {},
): Readonly<Record<string, JsonSchema>> {
  const entries = Object.entries(fields).map(([name, row]) => {
    const schema = schemaOf(row);
    return [name, nullable ? { ...schema, type: [schema.type, 'null'].flat() } : schema];
  });
  return Object.fromEntries(entries) as Readonly<Record<string, JsonSchema>>;
}

/** The values of fields in a validated body; absent or null fields take their defaults. */
export function readFields<Fields extends OptionRows>(fields: Fields, body: object): FieldValues<Fields> {
  const given = body as Readonly<Record<string, unknown>>;
  const entries = Object.entries<OptionRow>(fields).map(([name, row]) => [
    name,
    given[name] ?? defaultOf(row),
  ]);
  return Object.fromEntries(entries) as FieldValues<Fields>;
}
