import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { silentContext, type WorkContext } from '../common/progress.js';
import type { GeneratedText } from '../model/generation/sequence.js';
import { checkCombinations } from '../options/option-rules.js';
import type { RunOptions } from '../options/option-table.js';
import { defaultOptions } from '../options/options.js';
import { decideDevice, decidedDevice, describeDevice } from './decide/device.js';
import { generateFrom } from './stages/generate.js';

/** Whether a name given to `generate` means a model rather than a run: a folder without run.json, or a size. */
export function namesModel(name: string): boolean {
  return existsSync(name) ? !existsSync(join(name, 'run.json')) : /^(\d+M|distil)$/.test(name);
}

/**
 * Generates with a model that belongs to no run. Texts come in the order of their index, as soon as they and those
 * before them are finished; nothing is written to disk.
 * @param model as for `--model`.
 * @throws TitlesmithError when the model cannot be had or an option is wrong; InterruptedError when asked to stop.
 */
export async function* generateFromModel(
  model: string,
  given: Partial<RunOptions>,
  context: WorkContext = silentContext,
): AsyncGenerator<GeneratedText> {
  const options: RunOptions = { ...defaultOptions(), ...given };
  checkCombinations(options);
  const device = await decideDevice(options);
  context.onProgress({ kind: 'note', message: describeDevice(device) });
  const source = { model, device: decidedDevice(device) };
  const waiting = new Map<number, GeneratedText>();
  let next = 0;
  for await (const text of generateFrom(source, options, new Set(), context)) {
    waiting.set(text.index, text);
    for (let due = waiting.get(next); due; due = waiting.get(next)) {
      waiting.delete(next++);
      yield due;
    }
  }
}
