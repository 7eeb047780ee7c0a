import { fieldError, HttpError } from '../http-error.js';

/** A JSON schema, as far as errors describe it. */
interface Schema {
  readonly type?: string | readonly string[];
  /** In an error, "must be …": said in place of what the keywords would. */
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** A violation of a JSON schema, as Ajv reports it with `verbose`. */
export interface SchemaFault {
  readonly instancePath?: string;
  readonly keyword: string;
  readonly params?: Readonly<Record<string, unknown>>;
  /** The schema that the keyword stands in. */
  readonly parentSchema?: object;
  /** The value that violates it. */
  readonly data?: unknown;
}

const longestShown = 60;

/**
 * A violation as a 400 that names the field, what it must be, and what it is. Of a field that may have several forms, the
 * form that was meant is described: that of a list for a list.
 */
export function schemaError(faults: readonly SchemaFault[]): HttpError {
  const fault = meantFault(faults);
  const { keyword, instancePath = '', params = {}, data } = fault;
  const path = instancePath.slice(1).replaceAll('/', '.');
  const inner = (name: string): string =>
    [path, String(params[name])].filter((part) => part !== '').join('.');
  if (keyword === 'required')
    return fieldError(inner('missingProperty'), `${inner('missingProperty')} is missing.`);
  if (keyword === 'additionalProperties') {
    const name = inner('additionalProperty').slice(0, 100);
    return fieldError(name, `${JSON.stringify(name)} is no field of this request.`);
  }
  const schema = describingSchema(faults, fault);
  const rule = `must be ${describe(schema)}; it is ${describeValue(data)}.`;
  if (path === '') return new HttpError(400, `The body ${rule}`, { code: 'invalid_value' });
  return fieldError(path, `${path} ${rule}`);
}

/** The violation to tell: not that of a form that was not meant. */
function meantFault(faults: readonly SchemaFault[]): SchemaFault {
  const forms = faults.find(({ keyword }) => keyword === 'anyOf');
  const meant = faults.find(
    ({ keyword, instancePath }) =>
      keyword !== 'anyOf' && !(keyword === 'type' && instancePath === forms?.instancePath),
  );
  return (forms === undefined ? faults[0] : (meant ?? forms)) ?? { keyword: '' };
}

/** The schema whose words say what the value must be: the field's own, where it describes itself. */
function describingSchema(faults: readonly SchemaFault[], fault: SchemaFault): Schema {
  const around = faults.find(
    ({ keyword, instancePath }) => keyword === 'anyOf' && instancePath === fault.instancePath,
  );
  const outer = (around?.parentSchema ?? {}) as Schema;
  return outer.description === undefined ? ((fault.parentSchema ?? {}) as Schema) : outer;
}

/** What a value must be, in words: `a whole number from 1 to 48, or null`. */
function describe(schema: Schema): string {
  const { description, enum: values, anyOf, type } = schema;
  if (description !== undefined) return description;
  if (values) return inWords(values.map((value) => JSON.stringify(value)));
  if (anyOf) return inWords(anyOf.map(describe));
  return inWords([type ?? []].flat().map((name) => describeType(name, schema)));
}

function describeType(type: string, schema: Schema): string {
  const {
    minimum,
    exclusiveMinimum,
    maximum,
    minLength = 0,
    maxLength,
    minItems = 0,
    maxItems,
    items,
  } = schema;
  const from = exclusiveMinimum === undefined ? ` from ${minimum}` : ` above ${exclusiveMinimum}`;
  const to = exclusiveMinimum === undefined ? ` to ${maximum}` : `, at most ${maximum}`;
  const range = maximum === undefined ? '' : from + to;
  switch (type) {
    case 'integer':
      return `a whole number${range}`;
    case 'number':
      return `a number${range}`;
    case 'boolean':
      return 'true or false';
    case 'string':
      return maxLength === undefined ? 'a text' : `a text of ${minLength} to ${maxLength} characters`;
    case 'array': {
      const each = items === undefined ? 'values' : `values, each ${describe(items)}`;
      return maxItems === undefined ? `a list of ${each}` : `a list of ${minItems} to ${maxItems} ${each}`;
    }
    case 'object':
      return 'an object';
    default:
      return 'null';
  }
}

/** `a, b or c`. */
function inWords(parts: readonly string[]): string {
  const last = parts.at(-1) ?? 'something else';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} or ${last}`;
}

/** What a value is, without its whole content. */
function describeValue(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value !== 'string') return String(value);
  const length = [...value].length;
  return length > longestShown ? `a text of ${length} characters` : `the text ${JSON.stringify(value)}`;
}
