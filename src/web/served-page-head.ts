import { type Html, html, visible } from './html.js';

/** Everything before the body of a page whose server sends its styles under `styles`, beside it. */
export function servedPageHead(title: string, styles: string): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${visible(title)} – titlesmith</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${styles}">
</head>`;
}
