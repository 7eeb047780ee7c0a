import type { ThemeName } from '../../options/choices.js';

/** Colours of pictures: those of the pages (`src/web/client/base.css`), which pictures cannot ask. */
export const themes = {
  light: {
    card: '#ffffff',
    ink: '#1d1b18',
    muted: '#635e55',
    grid: '#ece7dd',
    accent: '#b3431f',
    'accent-soft': '#d98a68',
    held: '#2f6285',
    kept: '#2e6b45',
    copies: '#6b4e9b',
    warning: '#80570a',
  },
  dark: {
    card: '#1f1d1b',
    ink: '#ebe7e0',
    muted: '#a8a196',
    grid: '#2a2724',
    accent: '#f0946c',
    'accent-soft': '#b5654a',
    held: '#86b9dc',
    kept: '#86c79c',
    copies: '#c0a6ea',
    warning: '#dcb35f',
  },
} as const satisfies Record<ThemeName, Readonly<Record<string, string>>>;

type Color = keyof (typeof themes)['light'];

/** How elements of some classes look. `color` names one of a theme's for an attribute. */
interface Rule {
  readonly element?: string;
  readonly classes: string;
  readonly colors?: Readonly<Record<string, Color>>;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** What `src/report/client/charts.css` and `comparison.css` say, in their order: later rules have the last word. */
const rules: readonly Rule[] = [
  { element: 'path', classes: '', attributes: { fill: 'none' } },
  { classes: 'tick', colors: { fill: 'muted' } },
  { classes: 'label', colors: { fill: 'muted' } },
  { classes: 'name', colors: { fill: 'ink' } },
  {
    classes: 'marker-label',
    colors: { fill: 'ink', stroke: 'card' },
    attributes: { 'paint-order': 'stroke', 'stroke-width': '4', 'stroke-linejoin': 'round' },
  },
  { classes: 'grid', colors: { stroke: 'grid' } },
  { classes: 'axis', colors: { stroke: 'muted' } },
  { classes: 'marker', colors: { stroke: 'ink' }, attributes: { 'stroke-dasharray': '3 3' } },
  {
    classes: 'line',
    attributes: { stroke: 'currentColor', 'stroke-width': '2', 'stroke-linejoin': 'round' },
  },
  { classes: 'line training', colors: { stroke: 'accent' }, attributes: { 'stroke-width': '1.5' } },
  { classes: 'line held-out', colors: { stroke: 'held' } },
  {
    classes: 'line dotted',
    attributes: { 'stroke-width': '1.3', 'stroke-dasharray': '1 4', 'stroke-linecap': 'round' },
  },
  { classes: 'dot', attributes: { fill: 'currentColor' } },
  { classes: 'dot held-out', colors: { fill: 'held' } },
  { classes: 'gap', colors: { fill: 'held' }, attributes: { opacity: '0.16' } },
  { classes: 'band', colors: { fill: 'held' }, attributes: { opacity: '0.16' } },
  { classes: 'level', colors: { stroke: 'held' }, attributes: { 'stroke-dasharray': '2 4' } },
  { classes: 'line copies', colors: { stroke: 'copies' } },
  { classes: 'whisker', colors: { stroke: 'copies' }, attributes: { 'stroke-width': '1.2' } },
  { classes: 'dot copies', colors: { fill: 'copies' } },
  { classes: 'bar outputs', colors: { fill: 'accent-soft' } },
  { classes: 'run-0', colors: { color: 'accent' } },
  { classes: 'run-1', colors: { color: 'held' } },
  { classes: 'run-2', colors: { color: 'copies' } },
  { classes: 'run-3', colors: { color: 'kept' } },
  { classes: 'run-4', colors: { color: 'warning' } },
  { classes: 'run-5', colors: { color: 'muted' } },
  { classes: 'dashed', attributes: { 'stroke-dasharray': '5 4' } },
];

/**
 * The markup of a chart with attributes in the place of its classes, so that it looks the same without a style sheet and without
 * variables, which many programs that read SVG do not know.
 */
export function withoutClasses(markup: string, theme: ThemeName): string {
  return markup.replace(/<(\w+) class="([^"]*)"/g, (_, element: string, classes: string) => {
    const own = classes.split(' ');
    const applying = rules.filter(
      (rule) =>
        (rule.element ?? element) === element &&
        rule.classes.split(' ').every((name) => name === '' || own.includes(name)),
    );
    const attributes = new Map<string, string>();
    for (const rule of applying) {
      for (const [name, color] of Object.entries(rule.colors ?? {}))
        attributes.set(name, themes[theme][color]);
      for (const [name, value] of Object.entries(rule.attributes ?? {})) attributes.set(name, value);
    }
    return [`<${element}`, ...[...attributes].map(([name, value]) => `${name}="${value}"`)].join(' ');
  });
}
