import { formatCount, formatSeconds } from '../../common/number-formats.js';
import type { ServeOptions } from '../../options/option-table.js';
import { openServedModel } from '../../pipeline/open-served-model.js';
import type { ModelFacts } from '../../serve/served-model.js';
import { startServer } from '../../serve/server.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { interruptible, untilAborted } from '../interrupt.js';
import type { Terminal } from '../terminal.js';

/** Serves a model until it is stopped by a signal. */
export async function serveCommand(
  model: string,
  options: Partial<ServeOptions>,
  terminal: Terminal,
): Promise<ExitCode> {
  return interruptible(terminal, undefined, async ({ onProgress, signal }) => {
    const { log: requestedLog = 'auto' } = options;
    const log = requestedLog === 'auto' && process.stdout.isTTY ? 'text' : requestedLog;
    const { served, settings, reasons } = await openServedModel(model, { ...options, log });
    for (const message of reasons) onProgress({ kind: 'note', message });
    const server = await startServer(served, settings, process.stdout);
    const stopped = untilAborted(signal);
    try {
      const facts = await Promise.race([server.ready, stopped]);
      if (facts) sayReady(terminal, { name: served.name, url: server.url, slots: settings.slots }, facts);
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
  { name, url, slots }: { readonly name: string; readonly url: string; readonly slots: number },
  facts: ModelFacts,
): void {
  const compared = facts.titles > 0 ? `, compared with ${formatCount(facts.titles)} titles` : '';
  const about = `${formatCount(facts.parameters)} parameters, ${slots} texts at a time${compared}`;
  terminal.result(
    [`${name}: ${url}page (${about}; ready in ${formatSeconds(facts.loadSeconds)})`, 'Ctrl-C ends it.'],
    { url, model: name, ...facts },
  );
}
