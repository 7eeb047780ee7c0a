import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { runCli, temporaryFolder } from './run-cli.js';

it('leaves nothing behind that ONNX Runtime would report by: no device id, no database, no log', async () => {
  const [home, temporary] = [temporaryFolder(), temporaryFolder()];
  const { code } = await runCli(['devices'], home, { TMPDIR: temporary });
  expect(code).toBe(0);
  expect([...readdirSync(home), ...readdirSync(temporary)]).toEqual([]);
});
