/** Where names are data: tokens, options, paths, and what is counted by reason, rule and the like. */
const byName = /\.(?:top_logprobs\[\]|options|inputs|outputs|\w*[bB]y[A-Z]\w*)$/;

/** The form of a JSON value: a line for each field and its type. @param path of the value itself. */
export function* formOf(value: unknown, path: string): Generator<string> {
  if (Array.isArray(value)) {
    for (const item of value) yield* formOf(item, `${path}[]`);
  } else if (typeof value === 'object' && value !== null) {
    if (byName.test(path)) yield `${path}: by name`;
    else for (const [name, field] of Object.entries(value)) yield* formOf(field, `${path}.${name}`);
  } else {
    yield `${path}: ${value === null ? 'null' : typeof value}`;
  }
}
