import type { StageName } from '../../options/choices.js';
import type { ValuesOf } from '../../options/option-row.js';
import type { BatchSettings, RunOptions, ServeOptions } from '../../options/option-table.js';
import type { singleCommandOptions } from '../../options/table/single-commands.js';
import type { ScoreFileOptions } from '../../pipeline/score-file.js';

export type SingleCommandOptions = ValuesOf<typeof singleCommandOptions>;

/** The option that every command has. */
type JsonOption = Partial<Pick<RunOptions, 'json'>>;

type ServeRequestOptions = Partial<ServeOptions> & JsonOption;
export type BatchRequestOptions = Partial<BatchSettings & Pick<SingleCommandOptions, 'resume'>> & JsonOption;
export type ReviewOptions = Partial<Pick<SingleCommandOptions, 'port'>> & JsonOption;
export type ExportOptions = Partial<Pick<SingleCommandOptions, 'format' | 'ggufType' | 'output'>> &
  Partial<Pick<RunOptions, 'promptSubreddit' | 'guidanceScale'>> &
  JsonOption;
export type ScoreOptions = ScoreFileOptions & JsonOption;
export type CompareOptions = Partial<Pick<SingleCommandOptions, 'page'>> & JsonOption;
export type PlotRequestOptions = Partial<
  Pick<
    SingleCommandOptions,
    'plots' | 'plotOutput' | 'plotFormat' | 'width' | 'height' | 'scale' | 'theme' | 'font'
  >
> &
  JsonOption;
export type PruneOptions = Partial<Pick<RunOptions, 'dryRun'>> & JsonOption;
export type ArchiveOptions = Partial<Pick<RunOptions, 'overwrite'>> & JsonOption;

/** A parsed command line. `options` holds only the options that were given. */
export type Request =
  | { readonly command: 'pipeline'; readonly options: Partial<RunOptions> }
  | { readonly command: StageName; readonly folder: string; readonly options: Partial<RunOptions> }
  | {
      readonly command: 'score';
      readonly model: string;
      readonly file: string;
      readonly options: ScoreOptions;
    }
  | { readonly command: 'list'; readonly folder?: string; readonly options: JsonOption }
  | { readonly command: 'show'; readonly folder: string; readonly options: JsonOption }
  | { readonly command: 'compare'; readonly folders: readonly string[]; readonly options: CompareOptions }
  | { readonly command: 'plot'; readonly folders: readonly string[]; readonly options: PlotRequestOptions }
  | { readonly command: 'prune'; readonly folders: readonly string[]; readonly options: PruneOptions }
  | { readonly command: 'models'; readonly model?: string; readonly options: JsonOption }
  | { readonly command: 'communities'; readonly word?: string; readonly options: JsonOption }
  | { readonly command: 'info'; readonly model: string; readonly options: JsonOption }
  | { readonly command: 'devices'; readonly options: JsonOption }
  | { readonly command: 'review'; readonly folder: string; readonly options: ReviewOptions }
  | {
      readonly command: 'serve';
      readonly models: readonly string[];
      readonly options: ServeRequestOptions;
    }
  | { readonly command: 'export'; readonly model: string; readonly options: ExportOptions }
  | {
      readonly command: 'archive';
      readonly folder: string;
      readonly to: string;
      readonly options: ArchiveOptions;
    }
  | { readonly command: 'import'; readonly from: string; readonly options: Partial<RunOptions> }
  | { readonly command: 'batch'; readonly file: string; readonly options: BatchRequestOptions }
  | { readonly command: 'merge'; readonly place: string; readonly options: JsonOption }
  | {
      readonly command: 'compareBatches';
      readonly before: string;
      readonly after: string;
      readonly options: CompareOptions;
    };
