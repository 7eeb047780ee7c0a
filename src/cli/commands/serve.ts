import { formatCount, formatSeconds } from '../../common/number-formats.js';
import { provideRuntime } from '../../model/engine/onnxruntime/fetch-runtime.js';
import type { ServeOptions } from '../../options/option-table.js';
import { openServedModels } from '../../pipeline/open-served-models.js';
import type { ModelFacts } from '../../serve/served-model.js';
import { startServer } from '../../serve/server.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { interruptible, untilAborted } from '../interrupt.js';
import type { Terminal } from '../terminal.js';

/** Serves models until it is stopped by a signal. */
export async function serveCommand(
  models: readonly string[],
  options: Partial<ServeOptions>,
  terminal: Terminal,
): Promise<ExitCode> {
  return interruptible(terminal, undefined, async ({ onProgress, signal }) => {
    const { log: requestedLog = 'auto' } = options;
    const log = requestedLog === 'auto' && process.stdout.isTTY ? 'text' : requestedLog;
    if (options.engine !== 'tfjs') await provideRuntime({ onProgress, signal });
    const { served, settings, reasons, find } = await openServedModels(models, { ...options, log });
    for (const message of reasons) onProgress({ kind: 'note', message });
    const server = await startServer(served, settings, process.stdout, find);
    const stopped = untilAborted(signal);
    try {
      const isReady = await Promise.race([server.ready, stopped]);
      if (isReady) sayReady(terminal, { url: server.url, slots: settings.slots }, [...server.facts()]);
      const failure = await Promise.race([stopped, server.ended]);
      if (failure) throw failure;
    } finally {
      await server.close();
    }
    return exitCodes.done;
  });
}

function sayReady(
  terminal: Terminal,
  { url, slots }: { readonly url: string; readonly slots: number },
  models: readonly (readonly [name: string, facts: ModelFacts])[],
): void {
  const [[name, facts]] = models as [readonly [string, ModelFacts]];
  if (models.length === 1) {
    const line = `${name}: ${url}page (${describe(facts, slots)}; ready in ${formatSeconds(facts.loadSeconds)})`;
    terminal.result([line, 'Ctrl-C ends it.'], { url, model: name, ...facts });
    return;
  }
  const seconds = Math.max(...models.map(([, { loadSeconds }]) => loadSeconds));
  terminal.result(
    [
      ...models.map(([each, own]) => `${each}: ${describe(own, slots)}`),
      `${models.length} models: ${url}page (ready in ${formatSeconds(seconds)})`,
      'Ctrl-C ends it.',
    ],
    { url, models: models.map(([model, own]) => ({ model, ...own })) },
  );
}

/** What a model is, in words. */
function describe({ parameters, titles }: ModelFacts, slots: number): string {
  const compared = titles > 0 ? `, compared with ${formatCount(titles)} titles` : '';
  return `${formatCount(parameters)} parameters, ${slots} texts at a time${compared}`;
}
