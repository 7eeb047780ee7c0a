import { describe, expect, test } from 'vitest';
import { commandNames } from '../../src/options/choices.js';
import type { OptionRow } from '../../src/options/option-row.js';
import { optionTable, rowsOfCommand } from '../../src/options/option-table.js';
import { defaultOf, flagOf } from '../../src/options/option-values.js';
import { checkValue } from '../../src/options/value-types.js';

const rows: readonly OptionRow[] = commandNames.flatMap((command) => Object.values(rowsOfCommand(command)));

function check(row: OptionRow, value: unknown): void {
  for (const item of row.list ? (value as readonly unknown[]) : [value]) checkValue(row, item);
}

describe('a row of the option table', () => {
  test.each(commandNames)('of %s has defaults that are values of its own', (command) => {
    for (const [name, row] of Object.entries(rowsOfCommand(command))) {
      const byDefault = defaultOf(row);
      // No condition at all is none that can be named.
      if (byDefault !== undefined && name !== 'condition') check(row, byDefault);
      for (const value of Object.values(row.defaultFor ?? {})) check(row, value);
    }
  });

  test.each(commandNames)(
    'of %s has a sentence of help and, unless it is a switch, a name for its value',
    (command) => {
      for (const [name, row] of Object.entries(rowsOfCommand(command))) {
        expect(row.help, name).toMatch(/^\S.*\.$/);
        expect(row.argument === undefined, name).toBe(row.type === 'switch');
      }
    },
  );

  test.each(commandNames)('of %s has a flag of its own', (command) => {
    const names = Object.entries(rowsOfCommand(command)).flatMap(([name, { alias }]) =>
      [name, alias ?? []].flat(),
    );
    expect(new Set(names.map(flagOf)).size).toBe(names.length);
  });

  test('names others of the table in its conflicts and implications', () => {
    const named = rows.flatMap((row) => [...(row.conflicts ?? []), ...(row.implies ?? [])]);
    expect(named.filter((name) => !(name in optionTable))).toEqual([]);
    expect(named).not.toEqual([]);
  });

  test('says what it makes stale: every stage that computes has options', () => {
    const stages = new Set(
      Object.values(optionTable as Record<string, OptionRow>).flatMap((row) => row.stages ?? []),
    );
    expect([...stages].sort()).toEqual(['dataset', 'dedupe', 'extract', 'finetune', 'generate']);
  });
});
