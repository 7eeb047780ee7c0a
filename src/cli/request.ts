import type { BatchSettings } from '../batch/batch-settings.js';
import type { ExportFormat, StageName } from '../options/choices.js';
import type { RunOptions } from '../options/option-table.js';
import type { ServeOptions } from '../options/serve-options.js';

/** What the parsed command line asks for. Options hold only what was given. */
export type Request =
  | { readonly command: 'pipeline'; readonly given: Partial<RunOptions> }
  | { readonly command: StageName; readonly folder: string; readonly given: Partial<RunOptions> }
  | { readonly command: 'devices'; readonly given: { readonly json?: boolean } }
  | { readonly command: 'review'; readonly folder: string; readonly given: ReviewOptions }
  | { readonly command: 'serve'; readonly model: string; readonly given: Partial<ServeOptions> }
  | { readonly command: 'export'; readonly model: string; readonly given: ExportOptions }
  | { readonly command: 'archive'; readonly folder: string; readonly to: string; readonly given: JsonOption }
  | { readonly command: 'import'; readonly from: string; readonly given: Partial<RunOptions> }
  | { readonly command: 'batch'; readonly file: string; readonly given: BatchOptions }
  | { readonly command: 'merge'; readonly place: string; readonly given: JsonOption };

export interface JsonOption {
  readonly json?: boolean;
}

export interface BatchOptions extends Partial<BatchSettings>, JsonOption {
  readonly resume?: boolean;
}

export interface ReviewOptions {
  readonly port?: number;
  readonly json?: boolean;
}

export interface ExportOptions {
  readonly format: ExportFormat;
  readonly output?: string;
  readonly json?: boolean;
}
