import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';

/** Set, it makes these tests record what was added, instead of failing. */
const isRecording = process.env['TITLESMITH_RECORD_PROMISES'] === '1';

const here = join(packageRoot, 'test/promises');

/**
 * Compares an interface, a line for each thing that others may rely on, with what was recorded of it in NAME.txt. What is recorded
 * must stay (docs/stability.md); what is new must be recorded.
 */
export function expectPromised(name: string, found: Iterable<string>): void {
  const path = join(here, `${name}.txt`);
  const recorded = existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
  const now = new Set(found);
  const gone = recorded.filter((line) => !now.has(line));
  expect(
    gone,
    `gone, or another. 1.x keeps what 1.0 promised (docs/stability.md): put it back. Where that cannot be, as a fault ` +
      `had to be mended, say so in CHANGELOG.md and remove the lines from test/promises/${name}.txt by hand`,
  ).toEqual([]);
  const known = new Set(recorded);
  const added = [...now].filter((line) => !known.has(line));
  if (isRecording && added.length > 0)
    writeFileSync(path, [...new Set([...recorded, ...added])].sort().join('\n').concat('\n'));
  expect(
    isRecording ? [] : added,
    `new. From now on it would be promised: if that is meant, record it with ` +
      'TITLESMITH_RECORD_PROMISES=1 npx vitest run test/promises',
  ).toEqual([]);
}
