import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { packageRoot } from '../../src/io/package-root.js';

type Schema = { readonly [keyword: string]: unknown };

/** The published schema of report.json. */
export const reportSchema = JSON.parse(
  readFileSync(join(packageRoot, 'docs/report.schema.json'), 'utf8'),
) as Schema;

// In strict mode it refuses keywords that it does not know, and types that contradict each other.
const validate = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }).compile(reportSchema);

/** Where figures, as JSON has them, are not what the schema says. */
export function schemaFaults(figures: unknown): unknown[] {
  validate(JSON.parse(JSON.stringify(figures)));
  return (validate.errors ?? []).map(({ instancePath, message, params }) => ({
    instancePath,
    message,
    params,
  }));
}
