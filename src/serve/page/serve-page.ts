import { formatCount } from '../../common/number-formats.js';
import { packageVersion } from '../../common/package-facts.js';
import { toFields } from '../../options/json-schema.js';
import { generationOptions, samplingOptions } from '../../options/table/generation.js';
import { runOptions } from '../../options/table/run.js';
import { type Html, html, visible } from '../../web/html.js';
import { renderServedPage } from '../../web/html-page.js';
import { slider } from '../../web/slider.js';

interface ServePage {
  readonly name: string;
  /** Of all models that the page offers, in order. */
  readonly names: readonly string[];
  /** Maximum number of texts per request. */
  readonly maxTexts: number;
  /** Maximum tokens of a text, prompt included. */
  readonly capacity: number;
  /** Whether texts are compared with training titles. */
  readonly compared: boolean;
  /** Whether those of some model are. */
  readonly someCompared: boolean;
  readonly needsKey: boolean;
  /** Subreddits to choose from; empty unless the model is conditioned by them. */
  readonly subreddits: readonly string[];
  /** Whether the model is conditioned by keywords. */
  readonly byKeywords: boolean;
}

const { length, nsamples } = generationOptions;
const sampling = toFields(samplingOptions);

/** The form's fields that are options; the server checks requests against the same bounds. */
export const textFields = {
  ...sampling,
  temperature: { ...sampling.temperature, maximum: 2 },
  length,
  n: { ...nsamples, default: 1 },
  seed: { ...runOptions.seed, default: undefined },
} as const;

/** The most texts that the page shows well at a time. */
const maxShown = 50;

/**
 * The page where people generate texts; its script (../client/serve.ts) requests them from the server. What depends on the
 * model is marked `data-of-model`: the script puts that of another model in its place.
 */
export function renderServePage(options: ServePage): string {
  const { name, names, compared, someCompared, needsKey, subreddits, byKeywords } = options;
  const body = html`<main>
<header class="masthead">
<p class="kicker">titlesmith <span aria-hidden="true">·</span> generate</p>
<h1 id="model-name" data-of-model><bdi>${visible(name)}</bdi></h1>
<p class="notice disclosure" id="disclosure"><strong>Machine-made.</strong> A language model invents these texts.
Nobody wrote them, and what they say may be untrue. Say so when you share one.</p>
</header>
<noscript><p class="notice">This page needs JavaScript.</p></noscript>
<div class="desk">
<form id="form" class="panel" aria-label="What to generate" autocomplete="off">
${needsKey ? keyField : null}
${names.length > 1 ? modelField(names, name) : null}
<label class="field" for="prompt">Begin with
<textarea id="prompt" rows="2" maxlength="500" placeholder="anything, or nothing" spellcheck="true"
 aria-describedby="prompt-help"></textarea></label>
<p class="help" id="prompt-help">Each text goes on from here.</p>
<div id="conditions" data-of-model>
${subreddits.length > 0 ? subredditField(subreddits) : null}
${byKeywords ? keywordField : null}
</div>
${slider({ id: 'n', label: 'Texts', minimum: 1, maximum: Math.min(maxShown, options.maxTexts), step: 1, value: 6 })}
${slider({ id: 'temperature', label: 'Temperature', ...boundsOf(textFields.temperature), step: 0.05, help: 'Low: safe and alike. High: daring, then nonsense.' })}
<details class="finer" id="finer"><summary>Finer settings</summary>
${slider({ id: 'length', label: 'Longest, in tokens', minimum: 4, maximum: Math.min(200, options.capacity - 1), step: 1, value: Math.min(length.default, options.capacity - 1) })}
${slider({ id: 'top_k', label: 'Top k', ...boundsOf(textFields.top_k), maximum: 100, step: 1, help: 'Draw from the k likeliest tokens; 0 is off.' })}
${slider({ id: 'top_p', label: 'Top p', ...boundsOf(textFields.top_p), step: 0.01, help: 'Draw from the likeliest tokens of this share; 0 is off.' })}
<label class="field" for="seed">Seed
<input id="seed" type="number" inputmode="numeric" min="0" max="${textFields.seed.maximum}" step="1" placeholder="random">
</label>
<p class="help">The same seed and settings give the same texts.</p>
</details>
<div class="buttons">
<button type="submit" id="generate" class="primary" aria-keyshortcuts="Control+Enter">Generate</button>
<button type="button" id="stop" aria-keyshortcuts="Escape" aria-disabled="true">Stop</button>
</div>
<p class="help">The page's address holds these settings: share it, or keep it.</p>
<p class="help keys-help"><kbd>Ctrl</kbd> <kbd>Enter</kbd> generates, <kbd>Esc</kbd> stops.</p>
</form>
<section class="results" aria-labelledby="texts-heading">
<h2 id="texts-heading" tabindex="-1">Texts</h2>
<div class="bar">
<p id="standing" role="status">Nothing generated yet.</p>
<div class="tools" id="tools" hidden>
${someCompared ? html`<label class="check"><input type="checkbox" id="hide-copies"> Hide copies</label>` : null}
<button type="button" id="copy-all">Copy all</button>
<button type="button" id="save-all">Save as image</button>
<button type="button" id="clear">Clear</button>
</div>
</div>
<p id="trouble" class="notice trouble" role="alert" hidden></p>
<div id="meaning" data-of-model>${compared ? coloursOfCompared : html`<p class="meaning">The colours say nothing: this model came without titles to compare its texts with.</p>`}</div>
<ol class="cards" id="cards" aria-label="Generated texts" aria-busy="false"></ol>
<div class="empty" id="empty"><p>Texts appear here, word by word.</p></div>
<details id="history" class="history" hidden><summary>Earlier texts <span id="history-count"></span></summary>
<p class="help" id="history-help">Kept by this browser alone, the last 30 times, until they are cleared.</p>
<button type="button" id="clear-history">Clear the history</button>
<ol id="generations" class="generations"></ol>
</details>
</section>
</div>
<footer class="colophon">Made with titlesmith ${packageVersion}. <span id="comparison" data-of-model>${compared ? null : html`Texts are not compared with training titles: this model came without any. `}</span><a href="health">Health</a></footer>
</main>`;
  return renderServedPage({ title: name, kind: 'serve', styles: 'page.css', script: 'page.js', body });
}

/** What the edge of a text says; none is green, as nobody has judged whether a text is good. */
const coloursOfCompared = html`<dl class="colours">
<div class="plain"><dt>Grey edge: new</dt><dd>Too close to no title that the model learned from. Whether it is good, nobody has judged.</dd></div>
<div class="copied"><dt>Red edge: a copy</dt><dd>Shown with the title that it is too close to.</dd></div>
<div class="unfit"><dt>Dashed edge: no use</dt><dd>Blank, or with broken characters.</dd></div>
</dl>`;

const keyField = html`<label class="field" for="key">Key
<input id="key" type="password" autocomplete="off" required aria-describedby="key-help"></label>
<p class="help" id="key-help">This server needs a key. It stays in this window.</p>`;

/** The choice of the model, which the page's address names too. */
function modelField(names: readonly string[], chosen: string): Html {
  const options = names.map(
    (name) =>
      html`<option value="${name}"${name === chosen ? html` selected` : null}>${visible(name)}</option>`,
  );
  return html`<label class="field" for="model">Model
<select id="model">
${options}</select></label>`;
}

/** More names are typed rather than looked for in a list. */
const mostChoices = 60;

function subredditField(subreddits: readonly string[]): Html {
  if (subreddits.length > mostChoices) {
    return html`<label class="field conditioned" for="subreddit">Subreddit
<input id="subreddit" type="text" maxlength="100" list="subreddits" placeholder="any of ${formatCount(subreddits.length)}" spellcheck="false">
<datalist id="subreddits">${subreddits.map((name) => html`<option value="${name}"></option>`)}</datalist></label>`;
  }
  return html`<label class="field conditioned" for="subreddit">Subreddit
<select id="subreddit"><option value="">any</option>
${subreddits.map((name) => html`<option value="${name}">r/${name}</option>`)}</select></label>`;
}

const keywordField = html`<label class="field conditioned" for="keywords">About
<input id="keywords" type="text" maxlength="200" placeholder="up to three words" aria-describedby="keywords-help"></label>
<p class="help" id="keywords-help">Words that the texts should have to do with.</p>`;

/** Bounds and initial value of a slider. */
function boundsOf(row: { readonly minimum: number; readonly maximum: number; readonly default: number }) {
  return { minimum: row.minimum, maximum: row.maximum, value: row.default };
}
