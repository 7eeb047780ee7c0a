import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import { commandNames, stageNames } from '../../src/options/choices.js';
import { outputFaults } from './output-schema.js';

// What commands print with --json is compared with the schema wherever a test runs one: see run-cli.ts.

test('the schema has the results of every command', () => {
  const { $defs, anyOf } = JSON.parse(readFileSync(join(packageRoot, 'docs/output.schema.json'), 'utf8'));
  const stages: readonly string[] = stageNames;
  const ownNames = commandNames.filter((name) => name === 'generate' || !stages.includes(name));
  expect(anyOf.map(({ $ref }: { $ref: string }) => $ref.split('/').at(-1)).sort()).toEqual(
    ['error', 'note', 'progress', 'stage', 'warning', ...ownNames].sort(),
  );
  for (const name of ownNames) expect($defs).toHaveProperty(name);
});

test('a line that is not as it says is found, and one that was cut short is none', () => {
  const line = (value: object): string => `${JSON.stringify(value)}\n`;
  const note = line({ kind: 'note', message: 'a' });
  const result = { kind: 'result', folder: 'runs', runs: [], bytes: 0 };
  expect(outputFaults(['list', '--json'], `${note}${line(result)}{"kind":"no`)).toEqual([]);
  expect(outputFaults(['list'], line({ ...result, bytes: 'many' }))[0]).toContain('/bytes must be integer');
  expect(outputFaults(['list'], line({ ...result, more: 1 }))[0]).toContain('"additionalProperty":"more"');
  expect(outputFaults(['show'], line(result))).toHaveLength(1);
  expect(outputFaults(['dedupe'], line({ kind: 'warning' }))[0]).toContain(
    "must have required property 'message'",
  );
});
