import { fileError, InterruptedError, isLoadFault, systemFault } from '../common/errors.js';
import { type ExitCode, exitCodeOf, exitCodes } from './exit-codes.js';
import { withNamedRuns } from './named-runs.js';
import { asksForJson, parseCommandLine } from './parsing/command-line.js';
import type { Request } from './parsing/request.js';
import { enterStartingFolder } from './starting-folder.js';
import { Terminal } from './terminal.js';

/**
 * Runs a command line.
 * @param entry the file that was started, with which a batch starts its runs.
 * @returns the exit code of the process.
 */
export async function main(arguments_: readonly string[], entry: string): Promise<ExitCode> {
  enterStartingFolder(process.env);
  const color = !process.env['NO_COLOR'];
  const terminalFor = (json: boolean): Terminal =>
    new Terminal({ json, output: process.stdout, errors: process.stderr, color });
  // A command line that cannot be read is refused in the form that it asks for.
  let terminal = terminalFor(asksForJson(arguments_));
  listenToStreams(() => terminal);
  try {
    const request = parseCommandLine(arguments_);
    if (request.command === 'print') {
      if (request.error) process.stderr.write(`${request.text}\n`);
      else if (request.text !== '') process.stdout.write(`${request.text}\n`);
      if (request.error) throw request.error;
      return exitCodes.done;
    }
    terminal = terminalFor(request.options.json === true);
    return await execute(withNamedRuns(request), entry, terminal);
  } catch (error) {
    const fault = systemFault(error);
    const isOver = terminal.isUnread && fault instanceof InterruptedError;
    if (!isOver || terminal.whenUnread !== 'ends') terminal.error(fault);
    return exitCodeOf(fault);
  }
}

/** Runs the requested command. Only that command's code and libraries are loaded. */
async function execute(request: Request, entry: string, terminal: Terminal): Promise<ExitCode> {
  switch (request.command) {
    case 'pipeline':
      return (await import('./commands/pipeline.js')).pipelineCommand(request.options, terminal);
    case 'batch': {
      const { batchCommand } = await import('./commands/batch.js');
      return batchCommand(request.file, request.options, entry, terminal);
    }
    case 'merge':
      return (await import('./commands/batch.js')).mergeCommand(request.place, terminal);
    case 'compareBatches': {
      const { compareBatchesCommand } = await import('./commands/compare-batches.js');
      return compareBatchesCommand(request, terminal);
    }
    case 'serve':
      return (await import('./commands/serve.js')).serveCommand(request.models, request.options, terminal);
    case 'review':
      return (await import('./commands/review.js')).reviewCommand(request.folder, request.options, terminal);
    case 'export':
      return (await import('./commands/export.js')).exportCommand(request.model, request.options, terminal);
    case 'archive':
      return (await import('./commands/export.js')).archiveCommand(
        request.folder,
        request.to,
        request.options,
        terminal,
      );
    case 'import':
      return (await import('./commands/import.js')).importCommand(request.from, request.options, terminal);
    case 'score': {
      const { scoreCommand } = await import('./commands/score.js');
      return scoreCommand(request.model, request.file, request.options, terminal);
    }
    case 'list':
      return (await import('./commands/list.js')).listCommand(request.folder, terminal);
    case 'show':
      return (await import('./commands/show.js')).showCommand(request.folder, terminal);
    case 'compare':
      return (await import('./commands/compare.js')).compareCommand(
        request.folders,
        request.options,
        terminal,
      );
    case 'plot':
      return (await import('./commands/plot.js')).plotCommand(request.folders, request.options, terminal);
    case 'prune':
      return (await import('./commands/prune.js')).pruneCommand(request.folders, request.options, terminal);
    case 'models':
      return (await import('./commands/models.js')).modelsCommand(request.model, terminal);
    case 'info':
      return (await import('./commands/models.js')).infoCommand(request.model, terminal);
    case 'communities': {
      const { communitiesCommand } = await import('./commands/communities.js');
      return communitiesCommand(request.word, terminal);
    }
    case 'devices':
      return (await import('./commands/devices.js')).devicesCommand(terminal);
    default: {
      const { stageCommand } = await import('./commands/stage.js');
      return stageCommand(request.command, request.folder, request.options, terminal);
    }
  }
}

/**
 * Listens to what ends or outlives a process: its parent, and the readers of what it writes.
 * @param terminalNow the terminal of the command that is at work.
 */
function listenToStreams(terminalNow: () => Terminal): void {
  if (process.channel) {
    // A run of a batch saves and stops when its parent process is gone, as nothing else would stop it.
    process.once('disconnect', () => {
      // Said to itself, not sent: on Windows a signal that is sent ends a process at once.
      if (!process.emit('SIGTERM', 'SIGTERM')) process.kill(process.pid, 'SIGTERM');
    });
    process.channel.unref();
  }
  const hasParent = process.channel !== undefined;
  let isLost = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Each further write fails too. The parent of a batch run is gone: keep going until it has saved.
    if (isLost || (error.code === 'EPIPE' && hasParent)) return;
    isLost = true;
    const terminal = terminalNow();
    // The reader has closed the pipe (`titlesmith generate … | head`): that is no fault.
    const isClosed = error.code === 'EPIPE';
    if (isClosed) terminal.isUnread = true;
    else terminal.error(fileError('write', 'the output', error));
    process.once('exit', () => {
      const isSaved = process.exitCode === exitCodes.interrupted && terminal.whenUnread === 'saves';
      if (!isClosed || isSaved) process.exitCode = exitCodes.failed;
      else if (process.exitCode === exitCodes.done || process.exitCode === exitCodes.interrupted)
        process.exitCode = exitCodes.unread;
    });
    if (isClosed && terminal.whenUnread === 'goes on') return;
    // Work that can save does so, as at a Ctrl-C.
    if (!process.emit('SIGTERM', 'SIGTERM')) process.exit(isClosed ? exitCodes.unread : exitCodes.failed);
  });
  // Node 20 rejects a second promise, which nobody has, where a CommonJS package cannot be loaded.
  process.on('unhandledRejection', (error) => {
    if (!isLoadFault(error)) throw error;
  });
  // Nowhere is left to say it: the work and its exit code matter more.
  process.stderr.on('error', () => {});
}
