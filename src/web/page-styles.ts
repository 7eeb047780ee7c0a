/** The page's style sheet: system fonts, two themes by the reader's preference, a phone's width, paper. */
export const pageStyles = `
:root {
  color-scheme: light dark;
  --paper: #faf8f4; --card: #ffffff; --ink: #1d1b18; --muted: #635e55; --line: #e3ddd2; --grid: #ece7dd;
  --accent: #b3431f; --accent-soft: #d98a68; --held: #2f6285; --kept: #2e6b45; --new: #fbe4d7;
  --old: #dceaf3; --notice: #fdf3d3; --copies: #6b4e9b;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "Book Antiqua", "URW Palladio L", Georgia, serif;

  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans",
    Arial, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #161514; --card: #1f1d1b; --ink: #ebe7e0; --muted: #a8a196; --line: #383430; --grid: #2a2724;
    --accent: #f0946c; --accent-soft: #b5654a; --held: #86b9dc; --kept: #86c79c; --new: #4f2d1c;
    --old: #1e3c50; --notice: #3a3115; --copies: #c0a6ea;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 var(--sans);
  font-variant-numeric: tabular-nums;
}
main { max-width: 62rem; margin: 0 auto; padding: 3.5rem 1.5rem 5rem; }
h1, h2 { font-family: var(--serif); font-weight: 600; line-height: 1.15; text-wrap: balance; }
h1 { font-size: clamp(2.1rem, 6vw, 3.4rem); letter-spacing: -0.015em; margin: 0.4rem 0 1.1rem; }
h1.overfits, h1.leans { color: var(--accent); }
h2 { font-size: 1.55rem; margin: 0 0 0.7rem; }
section { margin-top: 3.5rem; }
p { max-width: 44rem; margin: 0 0 1rem; }
code { font-size: 0.92em; }
.kicker {
  color: var(--muted); font-size: 0.86rem; letter-spacing: 0.02em; margin: 0; overflow-wrap: anywhere;
}
.lead { font-size: 1.16rem; }
.advice { color: var(--muted); max-width: 44rem; }
ul.advice { padding-left: 1.2rem; margin: 0; }
.advice li { margin-bottom: 0.3rem; }
h3 { font-size: 1rem; margin: 0 0 0.6rem; }
.notice { background: var(--notice); border-radius: 8px; padding: 0.8rem 1.1rem; margin-top: 1.6rem; }
.meaning { color: var(--muted); font-size: 0.88rem; line-height: 1.4; }

.figures {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(12.5rem, 1fr)); gap: 1px; margin: 2rem 0 0;
  background: var(--line); border: 1px solid var(--line); border-radius: 10px; overflow: hidden;
}
.figures > div { background: var(--card); padding: 1.1rem 1.2rem; }
.figures dt { font-size: 0.86rem; color: var(--muted); }
.figures dd { margin: 0; }
.figures .value {
  display: block; font: 600 2.1rem/1.25 var(--serif); font-variant-numeric: lining-nums tabular-nums;
}
.figures .meaning { display: block; }

figure {
  margin: 1.2rem 0 1.4rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 1rem 1.2rem 0.6rem;
}
.legend { font-size: 0.88rem; margin-bottom: 0.5rem; }
.key { margin-right: 1.2rem; white-space: nowrap; }
.key::before {
  content: ""; display: inline-block; width: 1.1em; height: 0.2em; margin-right: 0.45em;
  vertical-align: 0.25em; background: currentColor;
}
.key.outputs::before { height: 0.8em; vertical-align: -0.05em; background: var(--accent-soft); }
.key.training::before { background: var(--accent); }
.key.held-out::before { background: var(--held); }
.key.copies::before { background: var(--copies); }
.chart { display: block; width: 100%; height: auto; overflow: visible; }
.chart.narrow { display: none; }
.chart text { font: 12px var(--sans); fill: var(--muted); font-variant-numeric: tabular-nums; }
.chart .marker-label {
  fill: var(--ink); paint-order: stroke; stroke: var(--card); stroke-width: 4px; stroke-linejoin: round;
}
.chart path { fill: none; }
.chart .grid { stroke: var(--grid); }
.chart .axis { stroke: var(--muted); }
.chart .marker { stroke: var(--ink); stroke-dasharray: 3 3; }
.chart .line { stroke-width: 2; stroke-linejoin: round; }
.chart .line.training { stroke: var(--accent); stroke-width: 1.5; }
.chart .line.held-out { stroke: var(--held); }
.chart .dot.held-out { fill: var(--held); }
.chart .line.copies { stroke: var(--copies); stroke-dasharray: 6 3; }
.chart .dot.copies { fill: var(--copies); }
.chart text.copies { fill: var(--copies); }
.chart .bar.outputs { fill: var(--accent-soft); }

table { border-collapse: collapse; font-size: 0.94rem; }
th, td { text-align: left; padding: 0.5rem 0.9rem 0.5rem 0; vertical-align: top; }
th { font-weight: 600; }
thead th, thead td { color: var(--muted); font-weight: 500; border-bottom: 1px solid var(--line); }
.scroll { overflow-x: auto; margin-bottom: 1rem; }
.numbers td, .numbers thead th {
  text-align: right; padding-right: 0; padding-left: 1.4rem; white-space: nowrap;
}
.numbers th[scope=row] { white-space: nowrap; font-weight: 500; }
.numbers thead th:first-child { text-align: left; padding-left: 0; }
.numbers tbody tr { border-bottom: 1px solid var(--line); }
details { margin: 0.6rem 0; }
summary { cursor: pointer; }
details > summary { color: var(--muted); }

.title { display: block; overflow: clip; overflow-wrap: anywhere; }
ins, del {
  text-decoration-thickness: 1px; text-underline-offset: 0.18em; border-radius: 3px; padding: 0 0.1em;
  -webkit-box-decoration-break: clone; box-decoration-break: clone;
}
ins { background: var(--new); text-decoration: underline; text-decoration-color: var(--accent); }
del { background: var(--old); text-decoration: line-through; text-decoration-color: var(--held); }
.controls {
  display: flex; flex-wrap: wrap; gap: 0.8rem 1.4rem; align-items: center; margin: 1.2rem 0 0.8rem;
  font-size: 0.94rem;
}
.controls[hidden] { display: none; }
.controls input, .controls select {
  font: inherit; color: inherit; background: var(--card); border: 1px solid var(--muted); border-radius: 6px;
  padding: 0.35rem 0.6rem; margin-left: 0.4rem;
}
.controls output { color: var(--muted); margin-left: auto; }
.pairs { width: 100%; table-layout: fixed; }
.pairs th:first-child, .pairs td:first-child { width: 5.2rem; }
.pairs th:nth-child(4), .pairs td:nth-child(4) { width: 11rem; padding-right: 0; }
.pairs tbody tr { border-bottom: 1px solid var(--line); }
.pairs .rating { font-weight: 600; }
.pairs th button { all: unset; cursor: pointer; }
.pairs th button::after { content: " ↕"; opacity: 0.5; }
.pairs th[aria-sort=ascending] button::after { content: " ↑"; opacity: 1; }
.pairs th[aria-sort=descending] button::after { content: " ↓"; opacity: 1; }
.more-button {
  font: inherit; color: inherit; background: none; border: 1px solid var(--muted); border-radius: 6px;
  padding: 0.4rem 0.9rem; margin-top: 1rem; cursor: pointer;
}
.more-button[hidden] { display: none; }
.verdict span { display: inline-block; font-size: 0.86rem; line-height: 1.3; }
.refused { color: var(--accent); }
.kept { color: var(--kept); }
.verdict .evidence { display: block; }
.joint { color: var(--muted); font-size: 0.88rem; }
.clusters { list-style: none; margin: 0; padding: 0; }
.clusters li { display: flex; gap: 0.8rem; padding: 0.45rem 0; border-bottom: 1px solid var(--line); }
.clusters li > div { min-width: 0; }
.times { font-weight: 600; min-width: 2.6rem; text-align: right; }
.clusters .evidence .title { display: block; }

.accepted {
  list-style: none; margin: 0; padding: 0; columns: 2 24rem; column-gap: 3rem; font-family: var(--serif);
  font-size: 1.06rem; line-height: 1.4;
}
.accepted li { break-inside: avoid; padding: 0.5rem 0; border-bottom: 1px solid var(--line); }
.reason { border-bottom: 1px solid var(--line); padding-bottom: 0.6rem; }
.reason .name { color: var(--ink); font-weight: 600; }
.reason .number { color: var(--ink); margin: 0 0.5rem; }
.reason ul { list-style: none; padding: 0 0 0 1.1rem; margin: 0.4rem 0; }
.reason li { padding: 0.35rem 0; }
.evidence { display: block; color: var(--muted); font-size: 0.88rem; }
.evidence .title { display: inline; }
.more { color: var(--muted); font-size: 0.88rem; padding-left: 1.1rem; }

.columns {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1rem 3rem;
  align-items: start;
}
.counts { width: 100%; }
.counts caption {
  text-align: left; color: var(--muted); border-bottom: 1px solid var(--line); padding-bottom: 0.3rem;
}
.counts th, .counts td { padding: 0.3rem 0.8rem 0.3rem 0; vertical-align: baseline; }
.counts td { text-align: right; }
.counts .minor th { font-weight: 400; color: var(--muted); padding-left: 1rem; }
.counts .minor td { color: var(--muted); }
.counts .bar-cell { width: 28%; padding-right: 0; }
.part { display: block; width: 100%; height: 6px; }
.part rect { fill: var(--accent-soft); }
.minor .part rect { fill: var(--line); }
.provenance {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); gap: 0.9rem 2rem;
  margin: 0 0 1.6rem;
}
.provenance dt { color: var(--muted); font-size: 0.86rem; }
.provenance dd { margin: 0; overflow-wrap: anywhere; }
.colophon { color: var(--muted); font-size: 0.88rem; }
:focus-visible { outline: 2px solid var(--held); outline-offset: 3px; border-radius: 3px; }

@media (max-width: 44rem) {
  main { padding: 2rem 1.1rem 3.5rem; }
  section { margin-top: 2.6rem; }
  .figures { grid-template-columns: 1fr 1fr; }
  .figures > div { padding: 0.9rem; }
  .figures .value { font-size: 1.7rem; }
  figure { padding: 0.8rem 0.7rem 0.4rem; }
  .chart.wide { display: none; }
  .chart.narrow { display: block; }
  .controls output { margin-left: 0; }
  .pairs, .pairs tbody, .pairs tr, .pairs td { display: block; }
  .pairs td, .pairs td:first-child, .pairs td:nth-child(4) { width: auto; padding: 0.15rem 0; }
  .pairs thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .pairs tbody tr { padding: 0.8rem 0; }
  .pairs td::before {
    content: attr(data-label); display: block; color: var(--muted); font-size: 0.8rem; font-weight: 400;
  }
  .pairs .rating::before, .pairs .verdict::before { display: inline; margin-right: 0.5rem; }
}
@media print {
  :root {
    color-scheme: light; --paper: #ffffff; --card: #ffffff; --ink: #000000; --muted: #444444;
    --line: #cccccc; --grid: #e6e6e6; --accent: #96330f; --accent-soft: #d98a68; --held: #1f4d6d;
    --kept: #1f5233; --copies: #4a3472; --new: #fbe4d7; --old: #dceaf3; --notice: #fdf3d3;
  }
  body { font-size: 11pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  .controls, .controls[hidden], .more-button { display: none; }
  h2, summary { break-after: avoid; }
  figure, tr, li, .figures > div { break-inside: avoid; }
}
`;
