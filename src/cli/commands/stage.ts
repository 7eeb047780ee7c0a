import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { usageError } from '../../common/errors.js';
import { isTrainedName, namesFolder } from '../../model/weights/published-models.js';
import type { StageName } from '../../options/choices.js';
import type { RunOptions } from '../../options/option-table.js';
import { defaultOptions, restoreOptions } from '../../options/option-values.js';
import { generateFromModel, generateFromRun } from '../../pipeline/generate-apart.js';
import { runSingleStage } from '../../pipeline/run-stages.js';
import { readGenerated } from '../../pipeline/stages/generated-file.js';
import { manifestFileName } from '../../run/manifest.js';
import { runFiles } from '../../run/run-files.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { interruptible, stopsAfterStep } from '../interrupt.js';
import { summarizeRun } from '../summary.js';
import type { Terminal } from '../terminal.js';

/**
 * Runs one stage on a run folder. `generate` prints the titles, the other stages the run's summary. `generate` also takes a
 * model that is not part of a run, and leaves a run as it is where it is to print only.
 */
export async function stageCommand(
  stage: StageName,
  folder: string,
  options: Partial<RunOptions>,
  terminal: Terminal,
): Promise<ExitCode> {
  const isOfModel = stage === 'generate' && namesModel(folder);
  if (isOfModel && options.overwrite === true)
    throw usageError(
      `--overwrite is for runs, but ${folder} is a model, whose titles are only printed.`,
      'Leave it out.',
    );
  const isPrintedOnly = isOfModel || options.printOnly === true;
  // A training may take hours; other stages are soon done, and leave the run whole then.
  terminal.whenUnread = isPrintedOnly ? 'ends' : stage === 'finetune' ? 'saves' : 'goes on';
  return interruptible(terminal, stopsAfterStep, async (context) => {
    if (isPrintedOnly) {
      const { sampleDelim } = { ...defaultOptions(), ...options };
      const generate = isOfModel ? generateFromModel : generateFromRun;
      for await (const text of generate(folder, options, context)) {
        terminal.result(linesOf(text, sampleDelim), { ...text });
      }
      return exitCodes.done;
    }
    const result = await runSingleStage(stage, folder, options, context);
    const { lines, data } = summarizeRun(result);
    if (stage === 'generate') {
      const { sampleDelim } = restoreOptions(result.manifest.options);
      const { firstNewText = 0 } = result;
      const all = await readGenerated(join(result.folder, runFiles.generated));
      const texts = all.filter(({ index }) => index >= firstNewText);
      terminal.result(
        texts.flatMap((text) => linesOf(text, sampleDelim)),
        { ...data, texts },
      );
    } else {
      terminal.result(lines, data);
    }
    return result.overfits ? exitCodes.overfit : exitCodes.done;
  });
}

/** A generated text as lines, followed by the delimiter without its final line break. */
function linesOf({ text }: { readonly text: string }, delimiter: string): string[] {
  const separator = delimiter.replace(/\n$/, '').split('\n');
  return [...text.split('\n'), ...separator];
}

/**
 * Whether a name given to `generate` means a model rather than a run: a folder without run.json, or a name of `--model`, also
 * one that only a training takes, which is then told so. `runs/x` has the form of a Hugging Face id, and means a run that is missing.
 */
function namesModel(name: string): boolean {
  if (existsSync(name)) return !existsSync(join(name, manifestFileName));
  const place = dirname(name);
  const isRunPath = place !== '.' && (place === defaultOptions().runsDir || existsSync(place));
  return isTrainedName(name) || (!namesFolder(name) && !isRunPath);
}
