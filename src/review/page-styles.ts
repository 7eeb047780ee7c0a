/** What the review adds to the report's style sheet (src/report/page-styles.ts). */
export const reviewPageStyles = `
.review main { padding-bottom: 8rem; }
.review h1 { font-size: clamp(1.6rem, 4vw, 2.3rem); margin: 0.2rem 0 0.8rem; overflow-wrap: anywhere; }
.standing { display: flex; flex-wrap: wrap; align-items: center; gap: 0.4rem 1rem; }
.standing p { margin: 0; color: var(--muted); }
.standing progress { width: 14rem; max-width: 100%; height: 0.6rem; accent-color: var(--kept); }
nav a { color: var(--held); margin-right: 0.9rem; }
nav { margin-top: 0.8rem; font-size: 0.94rem; }
.trouble { max-width: none; }
.trouble[hidden], #end[hidden] { display: none; }
.items { list-style: none; margin: 0; padding: 0; }
.item {
  display: grid; grid-template-columns: 4.2rem minmax(0, 1fr) auto; gap: 0.2rem 1rem; padding: 0.9rem 0.9rem;
  border-bottom: 1px solid var(--line); border-left: 4px solid transparent; scroll-margin: 6rem;
}
.item[aria-current=true] { background: var(--card); border-left-color: var(--held); }
.item:focus { outline: none; }
.item:focus-visible { outline: 2px solid var(--held); outline-offset: -2px; }
.item .rating { font-weight: 600; }
.item .output { font: 600 1.08rem/1.4 var(--serif); }
.item .beside { color: var(--muted); font-size: 0.92rem; margin-top: 0.25rem; }
.item .why { color: var(--muted); font-size: 0.86rem; margin-top: 0.25rem; }
.item .state { text-align: right; font-size: 0.9rem; min-width: 6.5rem; }
.item .state .by { display: block; color: var(--muted); font-size: 0.82rem; }
.item.settled .output { font-weight: 400; }
.item.refused-item .output { color: var(--muted); }
.actions {
  position: fixed; inset: auto 0 0; display: flex; justify-content: center; gap: 0.8rem; padding: 0.7rem 1rem;
  padding-bottom: max(0.7rem, env(safe-area-inset-bottom)); background: var(--paper); border-top: 1px solid var(--line);
}
.actions button {
  font: inherit; font-weight: 600; padding: 0.55rem 1.5rem; border-radius: 8px; border: 1px solid var(--muted);
  background: var(--card); color: var(--ink); cursor: pointer; min-height: 2.9rem;
}
.actions .keep { border-color: var(--kept); color: var(--kept); }
.actions .refuse { border-color: var(--accent); color: var(--accent); }
.actions button:disabled { opacity: 0.45; cursor: default; }
.keys { margin-top: 2rem; }
.keys dl > div { display: flex; gap: 0.8rem; padding: 0.15rem 0; }
.keys dd { margin: 0; }
.keys dt { min-width: 2.4rem; }
kbd { border: 1px solid var(--muted); border-radius: 4px; padding: 0 0.4rem; font: 0.9em var(--sans); }
@media (max-width: 44rem) {
  .item { grid-template-columns: minmax(0, 1fr) auto; padding: 0.8rem 0.7rem; }
  .item .body { grid-column: 1 / -1; grid-row: 2; }
  .actions button { flex: 1; padding: 0.55rem 0.4rem; }
  .review .controls label { flex: 1 1 40%; display: flex; flex-direction: column; gap: 0.2rem; }
  .review .controls input, .review .controls select { margin-left: 0; width: 100%; min-height: 2.6rem; }
}
@media print { .actions { display: none; } }
`;
