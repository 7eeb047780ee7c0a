#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { type ExitCode, exitCodeOf, exitCodes } from './cli/exit-codes.js';
import { asksForJson, parseCommandLine } from './cli/parsing/command-line.js';
import type { Request } from './cli/parsing/request.js';
import { enterStartingFolder } from './cli/starting-folder.js';
import { Terminal } from './cli/terminal.js';
import { fileError } from './common/errors.js';

/** Runs a command line. @returns the exit code of the process. */
async function main(arguments_: readonly string[]): Promise<ExitCode> {
  enterStartingFolder(process.env);
  const color = !process.env['NO_COLOR'];
  const terminalFor = (json: boolean): Terminal =>
    new Terminal({ json, output: process.stdout, errors: process.stderr, color });
  // A command line that cannot be read is refused in the form that it asks for.
  let terminal = terminalFor(asksForJson(arguments_));
  try {
    const request = parseCommandLine(arguments_);
    if (request.command === 'print') {
      if (request.error) process.stderr.write(`${request.text}\n`);
      else process.stdout.write(`${request.text}\n`);
      if (request.error) throw request.error;
      return exitCodes.done;
    }
    terminal = terminalFor(request.options.json === true);
    return await execute(request, terminal);
  } catch (error) {
    const fault = systemFault(undefined, error);
    terminal.error(fault);
    return exitCodeOf(fault);
  }
}

/** Runs the requested command. Only that command's code and libraries are loaded. */
async function execute(request: Request, terminal: Terminal): Promise<ExitCode> {
  switch (request.command) {
    case 'pipeline':
      return (await import('./cli/commands/pipeline.js')).pipelineCommand(request.options, terminal);
    case 'batch': {
      // Each run of a batch is a child process that is started with this file.
      const entry = fileURLToPath(import.meta.url);
      const { batchCommand } = await import('./cli/commands/batch.js');
      return batchCommand(request.file, request.options, entry, terminal);
    }
    case 'merge':
      return (await import('./cli/commands/batch.js')).mergeCommand(request.place, terminal);
    case 'serve':
      return (await import('./cli/commands/serve.js')).serveCommand(request.model, request.options, terminal);
    case 'review':
      return (await import('./cli/commands/review.js')).reviewCommand(
        request.folder,
        request.options,
        terminal,
      );
    case 'export':
      return (await import('./cli/commands/export.js')).exportCommand(
        request.model,
        request.options,
        terminal,
      );
    case 'archive':
      return (await import('./cli/commands/export.js')).archiveCommand(request.folder, request.to, terminal);
    case 'import':
      return (await import('./cli/commands/import.js')).importCommand(
        request.from,
        request.options,
        terminal,
      );
    case 'devices':
      return (await import('./cli/commands/devices.js')).devicesCommand(terminal);
    default: {
      const { stageCommand } = await import('./cli/commands/stage.js');
      return stageCommand(request.command, request.folder, request.options, terminal);
    }
  }
}

/** A fault of the system, such as of a file that is gone meanwhile, as an error that names its path; others unchanged. */
function systemFault(what: string | undefined, error: unknown): unknown {
  const path =
    what ?? (error instanceof Error && 'syscall' in error && 'path' in error ? error.path : undefined);
  const isWrite = what !== undefined;
  return typeof path === 'string' ? fileError(isWrite ? 'write' : 'use', path, error) : error;
}

if (process.channel) {
  // A run of a batch saves and stops when its parent process is gone, as nothing else would stop it.
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}
const hasParent = process.channel !== undefined;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The parent of a batch run is gone: keep going until it has saved.
  if (error.code === 'EPIPE' && hasParent) return;
  // The reader has closed the pipe (`titlesmith generate … | head`).
  if (error.code !== 'EPIPE')
    new Terminal({ json: false, output: process.stdout, errors: process.stderr, color: false }).error(
      systemFault('the output', error),
    );
  process.exit(exitCodes.failed);
});
// Nowhere is left to say it: the work and its exit code matter more.
process.stderr.on('error', () => {});
process.exitCode = await main(process.argv.slice(2));
