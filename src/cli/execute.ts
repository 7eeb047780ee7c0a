import { type ExitCode, exitCodes } from '../common/errors.js';
import { formatCount, formatSeconds } from '../common/number-formats.js';
import type { ServeOptions } from '../options/serve-options.js';
import type { ModelFacts } from '../serve/served-model.js';
import type { BatchOptions, Request, ReviewOptions } from './request.js';
import type { Console } from './terminal.js';

/** Serves a review until the person stops it. */
async function review(folder: string, { port }: ReviewOptions, console: Console): Promise<ExitCode> {
  const { openReview } = await import('../pipeline/open-review.js');
  const { startReview } = await import('../review/server.js');
  const { listenForInterrupt } = await import('./interrupt.js');
  const onProgress = console.listener({});
  let stop = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const interrupt = listenForInterrupt(stop);
  try {
    const run = await openReview(folder, { onProgress, stopRequested: interrupt.requested });
    try {
      const server = await startReview(run, { onProgress, ...(port === undefined ? {} : { port }) });
      console.result([`Review of ${run.runName}: ${server.url}`, 'Ctrl-C ends it.'], { url: server.url });
      await stopped;
      await server.close();
      return exitCodes.done;
    } finally {
      run.close();
    }
  } finally {
    interrupt.dispose();
  }
}

function sayServed(console: Console, name: string, url: string, slots: number, facts: ModelFacts): void {
  const compared = facts.titles > 0 ? `, compared with ${formatCount(facts.titles)} titles` : '';
  const about = `${formatCount(facts.parameters)} parameters, ${slots} texts at a time${compared}`;
  console.result(
    [`${name}: ${url}page (${about}; ready in ${formatSeconds(facts.loadSeconds)})`, 'Ctrl-C ends it.'],
    { url, model: name, ...facts },
  );
}

/** Serves a model until the person, or the platform, stops it. */
async function serve(model: string, given: Partial<ServeOptions>, console: Console): Promise<ExitCode> {
  const { openServed } = await import('../pipeline/open-served.js');
  const { startServer } = await import('../serve/server.js');
  const { listenForInterrupt } = await import('./interrupt.js');
  let stop = (): void => {};
  const stopped = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
  });
  const interrupt = listenForInterrupt(stop);
  try {
    const { served, settings, reasons } = await openServed(model, given);
    for (const reason of reasons) console.note(reason);
    const server = await startServer(served, settings, process.stdout);
    try {
      const facts = await Promise.race([server.ready, stopped]);
      if (facts) sayServed(console, served.name, server.url, settings.slots, facts);
      const failure = await Promise.race([stopped, server.ended]);
      if (failure) throw failure;
    } finally {
      await server.close();
    }
    return exitCodes.done;
  } finally {
    interrupt.dispose();
  }
}

async function batch(
  file: string,
  { resume = false, ...given }: BatchOptions,
  entry: string,
  console: Console,
): Promise<ExitCode> {
  const { runBatches } = await import('../batch/batch-command.js');
  const { listenForInterrupt } = await import('./interrupt.js');
  const stop = new AbortController();
  const interrupt = listenForInterrupt(() => {
    console.note('Stopping; runs at work save first. Press Ctrl-C again to stop at once.');
    stop.abort();
  });
  try {
    return await runBatches({ file, given, resume, entry, stop: stop.signal }, console);
  } finally {
    interrupt.dispose();
  }
}

async function merge(place: string, console: Console): Promise<ExitCode> {
  const { mergeBatch } = await import('../batch/merge.js');
  return mergeBatch(place, console);
}

/**
 * Does what a command line asks for, saying so to `console`.
 * @param entry the file that Node was started with, for processes of the runs of a batch
 * @throws TitlesmithError for what went wrong in a way that a person can put right
 */
export async function execute(request: Request, entry: string, console: Console): Promise<ExitCode> {
  if (request.command === 'devices') {
    const { showDevices } = await import('./commands/devices.js');
    return showDevices(console);
  }
  if (request.command === 'review') return review(request.folder, request.given, console);
  if (request.command === 'serve') return serve(request.model, request.given, console);
  if (request.command === 'batch') return batch(request.file, request.given, entry, console);
  if (request.command === 'merge') return merge(request.place, console);
  const { runPipeline } = await import('../pipeline/pipeline.js');
  const { runSingleStage } = await import('../pipeline/run-single-stage.js');
  const { listenForInterrupt } = await import('./interrupt.js');
  const interrupt = listenForInterrupt(() => {
    console.note('Stopping after this step; press Ctrl-C again to stop at once.');
  });
  try {
    if (request.command === 'export') {
      const { exportModel } = await import('../pipeline/export-model.js');
      const { model, given } = request;
      const context = { onProgress: console.listener({}), stopRequested: interrupt.requested };
      const description = await exportModel({ ...given, model, output: given.output ?? '' }, context);
      console.result([`${given.output}: ${description}, as ${given.format}`], {
        ...given,
        model: description,
      });
      return exitCodes.done;
    }
    if (request.command === 'archive') {
      const { exportRun } = await import('../archive/export-run.js');
      const context = { onProgress: console.listener({}), stopRequested: interrupt.requested };
      const { run, place } = await exportRun(request.folder, request.to, context);
      console.result([`${place}: ${run}`], { run, archive: place });
      return exitCodes.done;
    }
    if (request.command === 'import') {
      const { importRun } = await import('../archive/import-run.js');
      const { runsDir = 'runs', runName, overwrite = false } = request.given;
      const context = { onProgress: console.listener({}), stopRequested: interrupt.requested };
      const folder = await importRun(request.from, { runsDir, runName, overwrite }, context);
      console.result([folder], { folder });
      return exitCodes.done;
    }
    if (request.command === 'pipeline') return await runPipeline(request.given, console, interrupt);
    return await runSingleStage(request.command, request.folder, request.given, console, interrupt);
  } finally {
    interrupt.dispose();
  }
}
