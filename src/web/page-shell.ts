import { createHash } from 'node:crypto';
import { Html, html, visible } from './html.js';

/** An icon of its own, so that no browser asks a server for one. */
const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">' +
    '<rect width="16" height="16" rx="3" fill="#b3431f"/><path d="M4 5h8M8 5v7" stroke="white" stroke-width="2"/></svg>',
)}`;

export interface PageParts {
  readonly title: string;
  readonly styles: string;
  /** Script of the page; without one it runs none. */
  readonly script?: string;
  /** Parts of the page; null leaves one out. */
  readonly body: readonly (Html | null)[];
}

/**
 * One HTML page that needs nothing else: styles and script are inside, and its policy forbids the rest, so that even
 * markup that got past the escaping could neither run nor load anything.
 */
export function renderPage({ title, styles, script, body }: PageParts): string {
  const policy = [
    "default-src 'none'",
    `style-src ${sourceHash(styles)}`,
    ...(script === undefined ? [] : [`script-src ${sourceHash(script)}`]),
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${visible(title)}</title>
<link rel="icon" href="${icon}">
<style>${new Html(styles)}</style>
</head>
<body>
<main>
${lines(body)}
</main>
${
  script === undefined
    ? null
    : html`<script>${new Html(script)}</script>
`
}</body>
</html>
`;
  return page.markup;
}

function lines(parts: readonly (Html | null)[]): Html {
  return new Html(parts.map((part) => part?.markup ?? '').join('\n'));
}

/** The Content-Security-Policy source that allows exactly this inline text. */
function sourceHash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
