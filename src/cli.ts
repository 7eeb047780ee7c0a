#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { execute } from './cli/execute.js';
import { type ExitCode, exitCodeOf, exitCodes } from './cli/exit-codes.js';
import { parseCommandLine } from './cli/parsing/command-line.js';
import { Terminal } from './cli/terminal.js';

/** Runs a command line. @returns the exit code of the process. */
async function main(arguments_: readonly string[]): Promise<ExitCode> {
  const color = !process.env['NO_COLOR'];
  let terminal = new Terminal({ json: false, output: process.stdout, errors: process.stderr, color });
  try {
    const request = parseCommandLine(arguments_);
    if (request.command === 'print') {
      if (request.fault) process.stderr.write(`${request.text}\n`);
      else process.stdout.write(`${request.text}\n`);
      if (request.fault) throw request.fault;
      return exitCodes.done;
    }
    const json = request.given.json === true;
    terminal = new Terminal({ json, output: process.stdout, errors: process.stderr, color });
    return await execute(request, fileURLToPath(import.meta.url), terminal);
  } catch (error) {
    terminal.error(error);
    return exitCodeOf(error);
  }
}

if (process.channel) {
  // A run of a batch saves and ends when its parent is gone; nobody else could stop it.
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}
const hasParent = process.channel !== undefined;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Its parent is gone: it saves, with nobody to tell.
  if (error.code === 'EPIPE' && hasParent) return;
  // The reader has gone (`titlesmith generate … | head`): nobody is left to tell.
  if (error.code === 'EPIPE') process.exit(exitCodes.failed);
  throw error;
});
process.exitCode = await main(process.argv.slice(2));
