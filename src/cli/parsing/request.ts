import type { StageName } from '../../options/choices.js';
import type { ValuesOf } from '../../options/option-row.js';
import type { BatchSettings, RunOptions, ServeOptions } from '../../options/option-table.js';
import type { singleCommandOptions } from '../../options/table/single-commands.js';

export type SingleCommandOptions = ValuesOf<typeof singleCommandOptions>;

/** The one option of every command. */
type JsonOption = Partial<Pick<RunOptions, 'json'>>;

type ServeRequestOptions = Partial<ServeOptions> & JsonOption;
export type BatchRequestOptions = Partial<BatchSettings & Pick<SingleCommandOptions, 'resume'>> & JsonOption;
export type ReviewOptions = Partial<Pick<SingleCommandOptions, 'port'>> & JsonOption;
export type ExportOptions = Partial<Pick<SingleCommandOptions, 'format' | 'output'>> & JsonOption;

/** What the parsed command line asks for. Options hold only what was given. */
export type Request =
  | { readonly command: 'pipeline'; readonly given: Partial<RunOptions> }
  | { readonly command: StageName; readonly folder: string; readonly given: Partial<RunOptions> }
  | { readonly command: 'devices'; readonly given: JsonOption }
  | { readonly command: 'review'; readonly folder: string; readonly given: ReviewOptions }
  | { readonly command: 'serve'; readonly model: string; readonly given: ServeRequestOptions }
  | { readonly command: 'export'; readonly model: string; readonly given: ExportOptions }
  | { readonly command: 'archive'; readonly folder: string; readonly to: string; readonly given: JsonOption }
  | { readonly command: 'import'; readonly from: string; readonly given: Partial<RunOptions> }
  | { readonly command: 'batch'; readonly file: string; readonly given: BatchRequestOptions }
  | { readonly command: 'merge'; readonly place: string; readonly given: JsonOption };
