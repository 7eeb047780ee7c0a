import type { ExitCode } from './exit-codes.js';
import type { Request } from './parsing/request.js';
import type { Terminal } from './terminal.js';

/**
 * Does what a command line asks for, saying so to `terminal`. Each command's code is loaded when it is asked for, and
 * with it only the libraries it needs.
 * @param entry the file that Node was started with, for processes of the runs of a batch
 * @throws TitlesmithError for what went wrong in a way that a person can put right
 */
export async function execute(request: Request, entry: string, terminal: Terminal): Promise<ExitCode> {
  switch (request.command) {
    case 'pipeline':
      return (await import('./commands/pipeline.js')).pipelineCommand(request.given, terminal);
    case 'batch':
      return (await import('./commands/batch.js')).batchCommand(request.file, request.given, entry, terminal);
    case 'merge':
      return (await import('./commands/batch.js')).mergeCommand(request.place, terminal);
    case 'serve':
      return (await import('./commands/serve.js')).serveCommand(request.model, request.given, terminal);
    case 'review':
      return (await import('./commands/review.js')).reviewCommand(request.folder, request.given, terminal);
    case 'export':
      return (await import('./commands/export.js')).exportCommand(request.model, request.given, terminal);
    case 'archive':
      return (await import('./commands/export.js')).archiveCommand(request.folder, request.to, terminal);
    case 'import':
      return (await import('./commands/import.js')).importCommand(request.from, request.given, terminal);
    case 'devices':
      return (await import('./commands/devices.js')).devicesCommand(terminal);
    default: {
      const { stageCommand } = await import('./commands/stage.js');
      return stageCommand(request.command, request.folder, request.given, terminal);
    }
  }
}
