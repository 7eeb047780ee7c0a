import { statSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { fileError, isLoadFault, TitlesmithError, usageError } from '../common/errors.js';
import { requireOptionalPackage } from './optional-package.js';

const packageName = '@resvg/resvg-js';

/** Draws SVG as PNG. */
export type Rasteriser = (svg: string, pixelsPerUnit: number) => Uint8Array;

/**
 * Loads the library that draws SVG, and checks that text will show: one without a font leaves it out and says nothing.
 * @param font a TrueType or OpenType file to take for all text; undefined: the system's fonts.
 * @throws TitlesmithError where the library or a font is missing, with what to install.
 */
export async function loadRasteriser(font: string | undefined): Promise<Rasteriser> {
  requireOptionalPackage(packageName, 'A picture in PNG');
  if (font !== undefined) checkFont(font);
  const { Resvg } = await import('@resvg/resvg-js').catch((error: unknown) => {
    if (!isLoadFault(error)) throw error;
    throw new TitlesmithError(`${packageName} cannot be loaded: ${error.message.split('\n')[0]}.`, {
      code: 'package-damaged',
      hint: `Run npm install ${packageName} anew where titlesmith is installed, or write SVG.`,
      cause: error,
    });
  });
  const fonts = font === undefined ? {} : { loadSystemFonts: false, fontFiles: [font] };
  const probe = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30"><text y="20">Ag</text></svg>';
  if (new Resvg(probe, { font: fonts }).getBBox() === undefined) throw noFont(font);
  return (svg, pixelsPerUnit) =>
    new Resvg(svg, { font: fonts, fitTo: { mode: 'zoom', value: pixelsPerUnit } }).render().asPng();
}

function checkFont(font: string): void {
  try {
    if (statSync(font).isFile()) return;
  } catch (error) {
    throw fileError('read', font, error);
  }
  throw usageError(`--font got ${JSON.stringify(font)}, which is no file.`, 'Name a .ttf or .otf file.');
}

function noFont(font: string | undefined): TitlesmithError {
  if (font !== undefined)
    return usageError(
      `--font got ${JSON.stringify(font)}, which holds no font.`,
      'Name a .ttf or .otf file.',
    );
  return new TitlesmithError('A picture in PNG needs a font for its text, and this system has none.', {
    code: 'font-missing',
    hint: 'Install one (on Debian: apt-get install fonts-dejavu-core), name a file with --font, or write SVG.',
  });
}

const headerEnd = 33;

/** A PNG with a line of text in it that says what made it: a chunk `tEXt` after the header (PNG, 11.3.3.2). */
export function withSoftware(png: Uint8Array, software: string): Uint8Array {
  const body = Buffer.from(`tEXtSoftware\0${software}`, 'latin1');
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(body.length - 4, 0);
  chunk.set(body, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return Buffer.concat([png.subarray(0, headerEnd), chunk, png.subarray(headerEnd)]);
}

/** Whether {@link withSoftware} gave a file that line. */
export function hasSoftware(file: Uint8Array, software: string): boolean {
  const start = headerEnd + 4;
  const text = `tEXtSoftware\0${software}`;
  return Buffer.from(file.subarray(start, start + text.length)).toString('latin1') === text;
}
