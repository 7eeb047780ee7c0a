import type { OptionRow, OptionRows, ValueOf, ValueRule } from './option-row.js';
import { defaultOf } from './option-values.js';

/** `topK` → `top_k`. */
type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : '';

/** Rows by their names as fields of a body in JSON. */
type FieldsOf<Rows> = { readonly [Name in keyof Rows & string as SnakeCase<Name>]: Rows[Name] };

/** Values of options as a body in JSON may give them. */
export type BodyOf<Rows> = Partial<FieldValues<FieldsOf<Rows>>>;

/** The values of fields. */
export type FieldValues<Rows> = { readonly [Name in keyof Rows]: ValueOf<Rows[Name]> };

function fieldOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Options as fields of a body in JSON: their rows by names in snake case. */
export function toFields<Rows extends OptionRows>(rows: Rows): FieldsOf<Rows> {
  return Object.fromEntries(
    Object.entries(rows).map(([name, row]) => [fieldOf(name), row]),
  ) as FieldsOf<Rows>;
}

/** The reverse of {@link toFields} for values: those of the options, by the options' names. */
export function fromFields<Rows extends OptionRows>(
  rows: Rows,
  values: FieldValues<FieldsOf<Rows>>,
): { readonly [Name in keyof Rows]: ValueOf<Rows[Name]> } {
  const byField = values as Readonly<Record<string, unknown>>;
  const entries = Object.keys(rows).map((name) => [name, byField[fieldOf(name)]]);
  return Object.fromEntries(entries) as { readonly [Name in keyof Rows]: ValueOf<Rows[Name]> };
}

/** A JSON Schema, as far as options need it. */
interface JsonSchema {
  readonly type: string | readonly string[];
  readonly [keyword: string]: unknown;
}

/**
 * The JSON Schema of a value.
 * @throws RangeError for types that have no use in JSON, such as paths of this machine.
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
    case 'choice':
      return { type: 'string', enum: rule.choices };
    default:
      throw new RangeError(`An option of type ${rule.type} has no JSON Schema.`);
  }
}

/**
 * The JSON Schemas of fields, by their names.
 * @param nullable whether null is as good as nothing.
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

/** The values of fields in a body that keeps to their schemas; what is null or not there is as by default. */
export function readFields<Fields extends OptionRows>(fields: Fields, body: object): FieldValues<Fields> {
  const given = body as Readonly<Record<string, unknown>>;
  const entries = Object.entries<OptionRow>(fields).map(([name, row]) => [
    name,
    given[name] ?? defaultOf(row),
  ]);
  return Object.fromEntries(entries) as FieldValues<Fields>;
}
