import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Interrupt } from '../cli/interrupt.js';
import type { Console } from '../cli/terminal.js';
import { type ExitCode, exitCodes } from '../common/errors.js';
import { toPrintable } from '../common/printable.js';
import type { GeneratedText } from '../model/generation/sequence.js';
import type { RunOptions } from '../options/option-table.js';
import { checkPrefixOptions, defaultOptions } from '../options/options.js';
import { decideDevice, decidedDevice, describeDevice } from './decide/device.js';
import { generateFrom } from './stages/generate.js';

/** Whether a name given to `generate` means a model rather than a run: a folder without run.json, or a size. */
export function namesModel(name: string): boolean {
  return existsSync(name) ? !existsSync(join(name, 'run.json')) : /^(\d+M|distil)$/.test(name);
}

/**
 * Generates with a model that belongs to no run, and prints titles in the order of their index as soon as they and
 * those before them are finished. Nothing is written to disk.
 * @param model as for `--model`.
 * @throws TitlesmithError when the model cannot be had or an option is wrong; InterruptedError when asked to stop.
 */
export async function generateFromModel(
  model: string,
  given: Partial<RunOptions>,
  console: Console,
  interrupt: Interrupt,
): Promise<ExitCode> {
  const options: RunOptions = { ...defaultOptions(), ...given };
  checkPrefixOptions(options);
  const context = { onProgress: console.listener({}), stopRequested: interrupt.requested };
  const separator = options.sampleDelim.replace(/\n$/, '').split('\n').map(toPrintable);
  const waiting = new Map<number, GeneratedText>();
  let next = 0;
  const device = await decideDevice(options);
  console.note(describeDevice(device));
  const source = { model, device: decidedDevice(device) };
  for await (const text of generateFrom(source, options, new Set(), context)) {
    waiting.set(text.index, text);
    for (let due = waiting.get(next); due; due = waiting.get(next)) {
      waiting.delete(next++);
      console.result([...due.text.split('\n').map(toPrintable), ...separator], { ...due });
    }
  }
  return exitCodes.done;
}
