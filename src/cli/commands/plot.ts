import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileError, usageError } from '../../common/errors.js';
import { writeFileAtomic } from '../../io/atomic-file.js';
import { hasSoftware, loadRasteriser, type Rasteriser, withSoftware } from '../../io/svg-to-png.js';
import type { PictureFormat, PlotName } from '../../options/choices.js';
import { singleCommandOptions } from '../../options/table/single-commands.js';
import { plotRuns } from '../../pipeline/overview/plot-runs.js';
import { isPicture } from '../../report/pictures/picture.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import type { PlotRequestOptions } from '../parsing/request.js';
import type { Terminal } from '../terminal.js';

const software = 'titlesmith plot';
const mostPixels = 50e6;
/** Below the one run that is drawn, else below the current folder. */
const defaultFolder = 'plots';

interface PictureFile {
  readonly plot: PlotName;
  readonly format: PictureFormat;
  readonly path: string;
  readonly runs: readonly string[];
  readonly svg: string;
}

/** Draws what runs have measured, a picture a plot, and prints the names of the files. Nothing is written before all can be. */
export async function plotCommand(
  folders: readonly string[],
  options: PlotRequestOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const rows = singleCommandOptions;
  const {
    width = rows.width.default,
    height = rows.height.default,
    scale = rows.scale.default,
    theme = rows.theme.default,
  } = options;
  const place = placeOf(folders, options);
  const ofPngs = options.font !== undefined ? '--font' : options.scale !== undefined ? '--scale' : undefined;
  if (ofPngs !== undefined && !place.formats.includes('png'))
    throw usageError(`${ofPngs} is for PNGs, but SVGs are asked for.`, 'Add --format png, or leave it out.');
  if (place.formats.includes('png') && width * height * scale ** 2 > mostPixels)
    throw usageError(
      `--scale ${scale} makes pictures of ${Math.round(width * scale)} x ${Math.round(height * scale)} pixels.`,
      `More than ${mostPixels / 1e6} million are too many: lower it, --width or --height.`,
    );
  const drawn = await plotRuns(folders, { plots: options.plots, width, height, theme });
  if (place.file !== undefined && drawn.plots.length > 1)
    throw usageError(
      `--output got ${JSON.stringify(place.file)}, one file for ${drawn.plots.length} pictures.`,
      'Name one of them with --plots, or a folder.',
    );
  const files = drawn.plots.flatMap((plot) =>
    place.formats.map((format): PictureFile => {
      const path = place.file ?? join(place.folder, `${plot.plot}.${format}`);
      return { ...plot, format, path };
    }),
  );
  for (const { path, format } of files) checkReplaceable(path, format);
  const rasterise = place.formats.includes('png') ? await loadRasteriser(options.font) : undefined;
  const contents = files.map((file) => contentOf(file, rasterise, scale));
  for (const message of drawn.notes) terminal.show({ kind: 'note', message });
  for (const { plot, run, reason } of drawn.leftOut)
    terminal.show({ kind: 'note', message: `${run === undefined ? '' : `${run}: `}no ${plot}: ${reason}` });
  for (const [index, { path }] of files.entries()) await writeFileAtomic(path, contents[index]!);
  terminal.result(
    files.map(({ path }) => path),
    {
      runs: drawn.runs,
      pictures: files.map(({ plot, format, path, runs }) => {
        const unit = format === 'png' ? scale : 1;
        return { plot, format, path, runs, width: Math.ceil(width * unit), height: Math.ceil(height * unit) };
      }),
      leftOut: drawn.leftOut,
    },
  );
  return exitCodes.done;
}

interface Place {
  /** Undefined: the pictures go into `folder`, by their names. */
  readonly file: string | undefined;
  readonly folder: string;
  readonly formats: readonly PictureFormat[];
}

function placeOf(folders: readonly string[], { plotOutput, plotFormat }: PlotRequestOptions): Place {
  const [, ending] = /[^/\\]\.(svg|png)$/i.exec(plotOutput ?? '') ?? [];
  if (plotOutput !== undefined && ending !== undefined && !isFolder(plotOutput)) {
    const format = ending.toLowerCase() as PictureFormat;
    if (plotFormat !== undefined && plotFormat.join() !== format)
      throw usageError(
        `--output got ${JSON.stringify(plotOutput)}, but --format is ${plotFormat.join()}.`,
        'Leave --format out, or name a folder.',
      );
    return { file: plotOutput, folder: dirname(plotOutput), formats: [format] };
  }
  const [, other] = /[^/\\]\.(gif|jpe?g|webp|avif|bmp|tiff?|pdf|e?ps|html?)$/i.exec(plotOutput ?? '') ?? [];
  if (plotOutput !== undefined && other !== undefined && !isFolder(plotOutput))
    throw usageError(
      `--output got ${JSON.stringify(plotOutput)}, but pictures are drawn as SVG or PNG.`,
      'Let it end in .svg or .png.',
    );
  const folder = plotOutput ?? (folders.length === 1 ? join(folders[0]!, defaultFolder) : defaultFolder);
  if (existsSync(folder) && !isFolder(folder))
    throw usageError(
      `${folder} is a file, not a folder.`,
      'Name a folder with --output, or a file that ends in .svg or .png.',
    );
  return { file: undefined, folder, formats: plotFormat ?? ['svg'] };
}

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

/** Only a picture of ours is replaced by one: a mistyped name must not cost another file. */
function checkReplaceable(path: string, format: PictureFormat): void {
  if (!existsSync(path)) return;
  if (isFolder(path)) throw usageError(`${path} is a folder.`, 'Name another place with --output.');
  try {
    const file = readFileSync(path);
    const isOurs = format === 'png' ? hasSoftware(file, software) : isPicture(file.toString('utf8'));
    if (isOurs) return;
  } catch (error) {
    throw fileError('read', path, error);
  }
  throw usageError(
    `${path} is there and no picture of titlesmith plot.`,
    'Name another place with --output, or remove it.',
  );
}

function contentOf(
  { format, svg }: PictureFile,
  rasterise: Rasteriser | undefined,
  scale: number,
): string | Uint8Array {
  if (format === 'svg' || rasterise === undefined) return svg;
  return withSoftware(rasterise(svg, scale), software);
}
