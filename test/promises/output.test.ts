import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import { expectPromised } from './recorded.js';
import { schemaLines } from './schema-lines.js';

const schemaOf = (name: string): Readonly<Record<string, unknown>> =>
  JSON.parse(readFileSync(join(packageRoot, 'docs', `${name}.schema.json`), 'utf8'));

test.each(['output', 'report'])('%s.schema.json has the kinds and fields that were promised', (name) => {
  expectPromised(`${name}-schema`, schemaLines(schemaOf(name)));
});

test('a field that is gone, optional, or of another type is another line', () => {
  const schema = (count: object, required: readonly string[]): string[] => [
    ...schemaLines({
      $ref: '#/$defs/run',
      $defs: { run: { type: 'object', required, properties: { count, kind: { const: 'run' } } } },
    }),
  ];
  const before = schema({ type: 'integer' }, ['count']);
  expect(before).toEqual([
    '#run: object',
    '#run.count is always there',
    '#run.count: integer',
    '#run.kind: "run"',
    '= #run',
  ]);
  expect(schema({ type: 'integer' }, [])).not.toContain('#run.count is always there');
  expect(schema({ type: ['integer', 'null'] }, ['count'])).toContain('#run.count: null');
});
