import { appendFile, mkdtemp, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { MetricsLine } from '../../../src/model/training/training-storage.js';
import { TensorBoardFile } from '../../../src/pipeline/stages/tensorboard-file.js';
import { oraclePython, runOracle } from '../../oracles/python.js';

/** What test/oracles/tensorboard/make_fixture.py wrote: lines, and the file TensorBoard's own writer makes of them. */
interface Fixture {
  readonly start: number;
  readonly lines: readonly MetricsLine[];
  readonly file: string;
}
const fixturePath = new URL('../../oracles/tensorboard/two-lines.json', import.meta.url);
const fixture = JSON.parse(await readFile(fixturePath, 'utf8')) as Fixture;

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'titlesmith-events-'));
  path = join(folder, 'tensorboard/events.out.tfevents.test');
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => vi.useRealTimers());

/** Writes lines at the fixture's times, a second apart. */
async function write(lines: readonly MetricsLine[], lastStep = 0): Promise<void> {
  vi.useFakeTimers({ toFake: ['Date'], now: 1000 * fixture.start });
  const file = await TensorBoardFile.open(path, lastStep);
  for (const line of lines) {
    await file.append(line, 1000 * (fixture.start + 1 + fixture.lines.indexOf(line)));
  }
  await file.flush();
  await file.close();
}

describe('an event file', () => {
  it("is, byte by byte, what TensorBoard's own writer makes of the same numbers", async () => {
    await write(fixture.lines);
    expect((await readFile(path)).toString('base64')).toBe(fixture.file);
  });

  it('loses what was written after the saved step, torn records included, and goes on to the same bytes', async () => {
    const [first, second] = fixture.lines as [MetricsLine, MetricsLine];
    await write(fixture.lines);
    await write([second], first.step);
    expect((await readFile(path)).toString('base64')).toBe(fixture.file);

    const { length } = await readFile(path);
    await truncate(path, length - 5);
    await write([second], first.step);
    expect((await readFile(path)).toString('base64')).toBe(fixture.file);

    await appendFile(path, Buffer.alloc(40, 0xff));
    await write([], second.step);
    expect((await readFile(path)).toString('base64')).toBe(fixture.file);
  });

  it('begins anew with a training that does', async () => {
    await write(fixture.lines);
    await write(fixture.lines);
    expect((await readFile(path)).toString('base64')).toBe(fixture.file);
  });

  it('names the path where it cannot be written', async () => {
    await expect(TensorBoardFile.open(join(path, 'below-a-file'), 0)).rejects.toThrow(
      /Cannot create the folder .*tfevents\.test/,
    );
  });

  it.runIf(oraclePython)('is plotted by TensorBoard, each step once', async () => {
    await write(fixture.lines);
    await write([fixture.lines[1]!], 1);
    const plotted = JSON.parse(await runOracle('tensorboard/read_events.py', [join(path, '..')]));
    const [first, second] = fixture.lines as [MetricsLine, MetricsLine];
    expect(plotted['loss/train']).toEqual(
      [first, second].map(({ step, loss }) => [step, Math.fround(loss!)]),
    );
    expect(plotted['loss/validation']).toEqual([[second.step, second.validationLoss]]);
    expect(plotted['samples/near_copy_share']).toEqual([[second.step, second.nearCopyShare]]);
    expect(Object.keys(plotted)).toHaveLength(6);
  });
});
