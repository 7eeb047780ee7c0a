import { pageStyles } from '../../web/page-styles.js';

/** The report's style sheet, and what the table of runs adds to it. */
export const batchStyles = `${pageStyles}
.runs { width: 100%; }
.runs td, .runs thead th { padding: 0.6rem 0 0.6rem 1.2rem; text-align: right; vertical-align: baseline; }
.runs th:first-child, .runs td:first-child, .runs thead th:first-child { text-align: left; padding-left: 0; }
.runs th:nth-child(2), .runs td:nth-child(2), .runs thead th:nth-child(2) { text-align: left; }
.runs td, .runs th { white-space: nowrap; }
.runs tbody tr { border-bottom: 1px solid var(--line); }
.runs tbody th { font-weight: 600; padding: 0.6rem 0; vertical-align: baseline; }
.runs a { color: inherit; text-decoration-color: var(--accent); text-underline-offset: 0.2em; }
.runs .change { display: block; color: var(--muted); font-size: 0.8rem; line-height: 1.2; }
.runs .change.better { color: var(--kept); }
.runs .change.worse { color: var(--accent); }
.state::before {
  content: ""; display: inline-block; width: 0.62em; height: 0.62em; border-radius: 50%; margin-right: 0.5em;
  background: var(--muted);
}
.state.healthy::before { background: var(--kept); }
.state.overfits::before, .state.failed::before, .state.leans::before { background: var(--accent); }
.state.running::before { background: var(--held); }
.state.failed, .state.overfits { color: var(--accent); font-weight: 600; }
.faults { list-style: none; margin: 0; padding: 0; }
.faults li { padding: 0.6rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
.faults strong { margin-right: 0.5rem; }
@media (max-width: 44rem) {
  .runs, .runs tbody, .runs tr { display: block; }
  .runs thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .runs tbody tr { display: grid; grid-template-columns: 1fr 1fr 1fr; gap: 0.5rem 0.8rem; padding: 0.9rem 0; }
  .runs tbody th { grid-column: 1 / -1; padding: 0; overflow-wrap: anywhere; white-space: normal; }
  .runs td, .runs td:nth-child(2) { display: block; text-align: left; padding: 0; white-space: normal; }
  .runs td:nth-child(2) { grid-column: 1 / -1; }
  .runs td:not(:nth-child(2))::before {
    content: attr(data-label); display: block; color: var(--muted); font-size: 0.8rem;
  }
}
`;
