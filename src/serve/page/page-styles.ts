/** What the page adds to the report's style sheet (src/report/page-styles.ts). */
export const servePageStyles = `
.serve main { max-width: 72rem; padding-top: 2.6rem; }
.serve h1 { font-size: clamp(1.8rem, 4.5vw, 2.7rem); margin: 0.2rem 0 0.9rem; overflow-wrap: anywhere; }
.disclosure { margin: 0 0 1.8rem; max-width: none; font-size: 0.94rem; padding: 0.6rem 1rem; }
.desk { display: grid; grid-template-columns: 20rem minmax(0, 1fr); gap: 2.4rem; align-items: start; }
.panel {
  position: sticky; top: 1.2rem; background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: 1.2rem 1.2rem 1rem; max-height: calc(100vh - 2.4rem); overflow-y: auto;
}
.field { display: block; font-weight: 600; font-size: 0.94rem; }
.field textarea, .field input, .field select {
  display: block; width: 100%; margin-top: 0.35rem; font: 400 1rem/1.4 var(--sans); color: inherit;
  background: var(--paper); border: 1px solid var(--muted); border-radius: 8px; padding: 0.5rem 0.7rem; resize: vertical;
}
.conditioned { margin-top: 0.9rem; }
.field textarea { font-family: var(--serif); min-height: 4.2rem; }
.help { color: var(--muted); font-size: 0.84rem; line-height: 1.35; margin: 0.25rem 0 0.9rem; }
.slider { display: grid; grid-template-columns: 1fr auto; align-items: baseline; gap: 0 0.6rem; margin-top: 0.9rem; }
.slider label { font-weight: 600; font-size: 0.94rem; }
.slider output { font-weight: 600; color: var(--accent); }
.slider input { grid-column: 1 / -1; width: 100%; height: 1.9rem; margin: 0; accent-color: var(--accent); cursor: pointer; }
.finer { border-top: 1px solid var(--line); margin-top: 1rem; padding-top: 0.7rem; }
.finer .field { margin-top: 0.9rem; }
.buttons { display: flex; gap: 0.7rem; margin-top: 1.1rem; }
.serve button {
  font: 600 0.94rem/1.2 var(--sans); min-height: 2.75rem; padding: 0.5rem 1rem; border-radius: 8px; cursor: pointer;
  border: 1px solid var(--muted); background: var(--card); color: var(--ink);
}
.serve button:hover:not(:disabled) { border-color: var(--ink); }
.serve button:disabled { opacity: 0.45; cursor: default; }
.serve button.primary { flex: 1; background: var(--button); border-color: var(--button); color: #fff; }
.serve button.primary:hover:not(:disabled) { background: var(--button-hover); border-color: var(--button-hover); }
:root { --button: #b3431f; --button-hover: #93351a; }
@media (prefers-color-scheme: dark) { :root { --button: #b94e28; --button-hover: #c85c34; } }
.keys-help { margin: 0.7rem 0 0; }
kbd { border: 1px solid var(--muted); border-radius: 4px; padding: 0 0.35rem; font: 0.85em var(--sans); }
.results { margin-top: 0; }
.bar { display: flex; flex-wrap: wrap; gap: 0.6rem 1rem; align-items: center; min-height: 2.75rem; }
.bar p { margin: 0; color: var(--muted); flex: 1 1 12rem; }
.tools { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; }
.tools[hidden], .trouble[hidden], .empty[hidden] { display: none; }
.serve .tools button { min-height: 2.4rem; padding: 0.35rem 0.8rem; font-weight: 500; }
.check { display: flex; gap: 0.4rem; align-items: center; min-height: 2.4rem; font-size: 0.94rem; margin-right: 0.4rem; }
.check input { width: 1.1rem; height: 1.1rem; accent-color: var(--accent); }
.trouble { margin: 0.8rem 0; max-width: none; }
.cards { list-style: none; margin: 0.9rem 0 0; padding: 0; display: grid; gap: 0.8rem; }
.card {
  background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--line); border-radius: 10px;
  padding: 0.95rem 1.1rem 0.75rem;
}
.card .text {
  font: 400 1.2rem/1.45 var(--serif); margin: 0; max-width: none; white-space: pre-wrap; overflow-wrap: anywhere;
  overflow: clip; min-height: 1.45em;
}
.card.coming .text::after {
  content: ""; display: inline-block; width: 0.55ch; height: 1em; margin-left: 0.1em; vertical-align: -0.12em;
  background: var(--accent); animation: blink 1s steps(2) infinite;
}
@keyframes blink { 50% { opacity: 0; } }
.card.fresh { border-left-color: var(--kept); }
.card.copied { border-left-color: var(--accent); }
.card.gone { opacity: 0.6; }
.card .foot { display: flex; flex-wrap: wrap; align-items: center; gap: 0.2rem 0.9rem; margin-top: 0.5rem; }
.card .state { flex: 1 1 10rem; font-size: 0.86rem; color: var(--muted); }
.card .state strong { color: var(--ink); }
.card.copied .state strong { color: var(--accent); }
.serve .card button {
  min-height: 2.25rem; padding: 0.2rem 0.6rem; font-weight: 500; font-size: 0.88rem; border-color: transparent;
  background: none; color: var(--muted);
}
.serve .card button:hover { color: var(--ink); border-color: var(--line); }
.likeness { border-top: 1px solid var(--line); margin-top: 0.6rem; padding-top: 0.6rem; font-size: 0.92rem; }
.likeness p { margin: 0 0 0.2rem; color: var(--muted); font-size: 0.84rem; max-width: none; }
.likeness .title { font-family: var(--serif); font-size: 1rem; }
.hide-copies .card.copied { display: none; }
.empty { border: 1px dashed var(--line); border-radius: 12px; padding: 3.2rem 1.5rem; text-align: center; margin-top: 0.9rem; }
.empty p { margin: 0 auto 0.3rem; color: var(--muted); }
.serve .colophon { margin-top: 3rem; }
.serve .colophon a { color: inherit; }
@media (max-width: 56rem) {
  .desk { grid-template-columns: minmax(0, 1fr); gap: 1.6rem; }
  .panel { position: static; max-height: none; }
  .keys-help { display: none; }
}
@media (max-width: 44rem) {
  .serve main { padding-top: 1.5rem; }
  .slider input { height: 2.5rem; }
  .serve .card button { min-height: 2.75rem; min-width: 2.75rem; }
  .tools { width: 100%; }
  .check { flex: 1 0 100%; min-height: 2.75rem; }
  .serve .tools button { flex: 1 1 auto; min-height: 2.75rem; }
  .card { padding: 0.85rem 0.9rem 0.5rem; }
}
@media (prefers-reduced-motion: reduce) { .card.coming .text::after { animation: none; } }
@media print { .panel, .bar .tools, .card button { display: none; } .desk { display: block; } }
`;
