type Schema = Readonly<Record<string, unknown>>;

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** What a part of a schema says of a value at `path`: its types and words, and those of all within. */
function* within(schema: Schema, path: string): Generator<string> {
  const { $ref, type, required, properties, items, prefixItems, additionalProperties } = schema;
  if (typeof $ref === 'string') yield `${path} = ${$ref.replace('#/$defs/', '#')}`.trimStart();
  for (const name of [type].flat()) if (typeof name === 'string') yield `${path}: ${name}`;
  if ('const' in schema) yield `${path}: ${JSON.stringify(schema['const'])}`;
  for (const word of list(schema['enum'])) yield `${path}: ${JSON.stringify(word)}`;
  for (const key of ['anyOf', 'oneOf', 'allOf'] as const)
    for (const part of list(schema[key])) if (isSchema(part)) yield* within(part, path);
  if (isSchema(items)) yield* within(items, `${path}[]`);
  for (const [index, part] of list(prefixItems).entries())
    if (isSchema(part)) yield* within(part, `${path}[${index}]`);
  if (isSchema(additionalProperties)) yield* within(additionalProperties, `${path}.*`);
  if (!isSchema(properties)) return;
  for (const [name, part] of Object.entries(properties)) {
    const field = `${path}.${name}`;
    if (list(required).includes(name)) yield `${field} is always there`;
    if (isSchema(part)) yield* within(part, field);
  }
}

/** A JSON schema as lines, one for each type, word and reference that a field may have: the forms that readers rely on. */
export function* schemaLines(schema: Schema): Generator<string> {
  const { $defs, ...root } = schema;
  if (isSchema($defs))
    for (const [name, part] of Object.entries($defs)) if (isSchema(part)) yield* within(part, `#${name}`);
  yield* within(root, '');
}
