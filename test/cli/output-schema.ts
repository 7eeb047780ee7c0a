import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { packageRoot } from '../../src/io/package-root.js';
import { stageNames } from '../../src/options/choices.js';

type Schema = { readonly $defs: Readonly<Record<string, object>> };

let ajv: Ajv2020 | undefined;
const id = 'output';

/** What the published schema says of events, or of the results of a command. */
function validatorOf(name: string): ValidateFunction {
  if (ajv === undefined) {
    const schema = JSON.parse(readFileSync(join(packageRoot, 'docs/output.schema.json'), 'utf8')) as Schema;
    // In strict mode it refuses keywords that it does not know, and types that contradict each other.
    ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
    ajv.addSchema(schema, id);
  }
  const validate = ajv.getSchema(`${id}#/$defs/${name}`);
  if (!validate) throw new Error(`docs/output.schema.json has nothing about ${name}.`);
  return validate;
}

/** The name under which the schema has the results of a command line. */
function commandOf([first = '', second]: readonly string[]): string {
  if (first === 'batch' && second === 'merge') return 'merge';
  if (first === 'batch' && second === 'compare') return 'compareBatches';
  return first !== 'generate' && (stageNames as readonly string[]).includes(first) ? 'stage' : first;
}

/**
 * Lines that a command printed with --json and that its schema does not allow, with what is wrong; one that a signal cut short
 * is passed over.
 */
export function outputFaults(words: readonly string[], output: string): string[] {
  const whole = output.slice(0, output.lastIndexOf('\n') + 1);
  return whole.split('\n').flatMap((line) => {
    if (line === '') return [];
    const value = JSON.parse(line) as { readonly kind?: string };
    // A server's own log, which --log asks for.
    if (value.kind === undefined && words[0] === 'serve') return [];
    if (value.kind === undefined) return [`${line.slice(0, 500)}: it has no kind.`];
    const validate = validatorOf(value.kind === 'result' ? commandOf(words) : value.kind);
    if (validate(value)) return [];
    const faults = validate.errors!.map(({ instancePath, message, params }) =>
      [instancePath, message, JSON.stringify(params)].join(' '),
    );
    return [`${line.slice(0, 500)}\n  ${faults.join('\n  ')}`];
  });
}
