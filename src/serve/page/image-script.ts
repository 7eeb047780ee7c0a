/**
 * How the page makes pictures of texts: drawn on a canvas, saved as PNG. Plain text for the browser; shares its scope
 * with the other scripts of the page.
 */
export const imageScript = `
const picture = { width: 1200, margin: 72, size: 44, line: 60, gap: 44 };

/** Cuts a text into lines that fit; a word that is too long is cut too. */
const linesOf = (context, text, width) => {
  const lines = [];
  for (const paragraph of text.split('\\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      let rest = line === '' ? word : line + ' ' + word;
      if (line !== '' && context.measureText(rest).width > width) {
        lines.push(line);
        rest = word;
      }
      while (context.measureText(rest).width > width) {
        let length = [...rest].length - 1;
        while (length > 1 && context.measureText([...rest].slice(0, length).join('')).width > width) length--;
        lines.push([...rest].slice(0, length).join(''));
        rest = [...rest].slice(length).join('');
      }
      line = rest;
    }
    lines.push(line);
  }
  return lines;
};

/** Saves texts as one picture, in the colours of the page, with the note that a machine made them. */
const savePicture = async (texts, name) => {
  const style = getComputedStyle(document.documentElement);
  const colour = (variable) => style.getPropertyValue(variable).trim();
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d');
  const { width, margin, size, line, gap } = picture;
  const font = size + 'px ' + colour('--serif');
  context.font = font;
  const blocks = texts.map((text) => linesOf(context, text, width - 2 * margin));
  const count = blocks.reduce((sum, lines) => sum + lines.length, 0);
  const content = count * line + (blocks.length - 1) * gap;
  canvas.width = width;
  // Browsers draw nothing on a canvas that is much higher.
  canvas.height = Math.min(16000, Math.max(628, content + 2 * margin + 90));
  context.fillStyle = colour('--paper');
  context.fillRect(0, 0, width, canvas.height);
  context.fillStyle = colour('--accent');
  context.fillRect(0, 0, 14, canvas.height);
  context.font = font;
  context.textBaseline = 'top';
  context.fillStyle = colour('--ink');
  let top = texts.length === 1 ? Math.max(margin, (canvas.height - 90 - content) / 2) : margin;
  for (const lines of blocks) {
    for (const each of lines) {
      context.fillText(each, margin, top);
      top += line;
    }
    top += gap;
  }
  context.font = '26px ' + colour('--sans');
  context.fillStyle = colour('--muted');
  context.textBaseline = 'alphabetic';
  context.fillText('Machine-made · ' + name + ' · titlesmith', margin, canvas.height - 48, width - 2 * margin);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name.replace(/[^A-Za-z0-9_-]+/g, '-').replace(/^-+|-+$/g, '') + '.png';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
};
`;
