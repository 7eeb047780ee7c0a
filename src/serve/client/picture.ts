import { element } from '../../web/client/dom.js';

/** How a picture of texts is laid out, in pixels. */
const layout = {
  width: 1200,
  margin: 72,
  fontSize: 44,
  lineHeight: 60,
  gap: 44,
  footer: 90,
  minHeight: 628,
};
/** Browsers draw nothing on a much higher canvas. */
const maxHeight = 16_000;

/** Cuts a text into lines that fit; a word that is too long is cut too. */
function wrap(context: CanvasRenderingContext2D, text: string, width: number): string[] {
  const isTooWide = (line: string): boolean => context.measureText(line).width > width;
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      let rest = line === '' ? word : `${line} ${word}`;
      if (line !== '' && isTooWide(rest)) {
        lines.push(line);
        rest = word;
      }
      while (isTooWide(rest)) {
        const characters = [...rest];
        let length = characters.length - 1;
        while (length > 1 && isTooWide(characters.slice(0, length).join(''))) length--;
        lines.push(characters.slice(0, length).join(''));
        rest = characters.slice(length).join('');
      }
      line = rest;
    }
    lines.push(line);
  }
  return lines;
}

/** Draws texts in the colours of the page, with a note that they are machine-made. */
function draw(texts: readonly string[], modelName: string): HTMLCanvasElement {
  const style = getComputedStyle(document.documentElement);
  const value = (variable: string): string => style.getPropertyValue(variable).trim();
  const canvas = element('canvas');
  const context = canvas.getContext('2d')!;
  const { width, margin, fontSize, lineHeight, gap, footer, minHeight } = layout;
  const font = `${fontSize}px ${value('--serif')}`;
  context.font = font;
  const blocks = texts.map((text) => wrap(context, text, width - 2 * margin));
  const lineCount = blocks.reduce((sum, lines) => sum + lines.length, 0);
  const content = lineCount * lineHeight + (blocks.length - 1) * gap;
  const height = Math.min(maxHeight, Math.max(minHeight, content + 2 * margin + footer));
  // Resizing resets the context, its font too.
  [canvas.width, canvas.height] = [width, height];
  const fill = (variable: string, right: number): void => {
    context.fillStyle = value(variable);
    context.fillRect(0, 0, right, height);
  };
  fill('--paper', width);
  fill('--accent', 14);
  context.font = font;
  context.textBaseline = 'top';
  context.fillStyle = value('--ink');
  let top = texts.length === 1 ? Math.max(margin, (height - footer - content) / 2) : margin;
  for (const lines of blocks) {
    for (const line of lines) {
      context.fillText(line, margin, top);
      top += lineHeight;
    }
    top += gap;
  }
  context.font = `26px ${value('--sans')}`;
  context.fillStyle = value('--muted');
  context.textBaseline = 'alphabetic';
  context.fillText(`Machine-made · ${modelName} · titlesmith`, margin, height - 48, width - 2 * margin);
  return canvas;
}

/** Saves texts as one PNG, named after the model. */
export async function savePicture(texts: readonly string[], modelName: string): Promise<void> {
  const canvas = draw(texts, modelName);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (!blob) return;
  const link = element('a');
  link.href = URL.createObjectURL(blob);
  link.download = `${modelName.replace(/[^A-Za-z0-9_-]+/g, '-').replace(/^-+|-+$/g, '')}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
