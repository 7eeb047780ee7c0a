import { packageVersion } from '../common/package-facts.js';
import { generationOptions, samplingOptions } from '../options/table/generation.js';
import { runOptions } from '../options/table/run.js';
import { type Html, html } from '../web/html.js';
import { renderSitePage } from '../web/html-page.js';
import { slider } from '../web/slider.js';
import { communityPart } from './community-part.js';

interface SitePage {
  readonly styles: string;
  readonly script: string;
  /** What the page may load and run: `sitePolicy`. */
  readonly policy: string;
  /** Bytes that a first training transfers, in words. */
  readonly transfer: string;
  /** The communities that the model knows by name. */
  readonly communities: readonly string[];
}

/** The one page of the site. Its script (client/site.ts) fills it; all work is the worker's (worker/worker.ts). */
export function sitePage({ styles, script, policy, transfer, communities }: SitePage): string {
  const body = html`<main>
<header class="masthead">
<p class="kicker">titlesmith <span aria-hidden="true">·</span> in your browser</p>
<h1>Teach a small language model to write titles</h1>
<p class="lead">Give it a list of titles: headlines, questions, jokes, names of songs. It learns from them here in this tab, writes new
ones like them, and then shows which of those it only copied.</p>
<p class="promise"><strong>No title leaves this tab.</strong> Nothing is installed, there is no account, and what you open stays on this
device. The model itself (${transfer}) is loaded once, when you first need it; after that the page works without the internet.</p>
<p class="promise"><strong>What it knows already.</strong> Before it meets your titles, the model has read many titles from Reddit, the good and the bad. So it can write
rude, hurtful or false things. If it learns only a little from yours, it still writes those, and not titles like yours.</p>
</header>
<noscript><p class="notice">This page needs JavaScript: the model runs in it.</p></noscript>
<p id="trouble" class="notice trouble" role="alert" hidden></p>
<p id="status" class="visually-hidden" role="status"></p>
<p id="done" class="done" hidden></p>
<section id="runs" aria-labelledby="runs-title" hidden>
<h2 id="runs-title">What you made here before</h2>
<ul id="run-list" class="runs"></ul>
</section>
${communityPart(communities)}
<ol class="steps">
${step('titles', 'Your titles', titlesStep)}
${step('learn', 'Learn', learnStep)}
${step('write', 'New titles', writeStep)}
${step('copied', 'What it copied', copiedStep)}
${step('keep', 'Keep it', keepStep)}
</ol>
<footer class="colophon">
<details id="browser"><summary>What this browser computes with</summary>
<p id="facts">Not known yet: it is found out when you first train or write.</p></details>
<p>Made with titlesmith ${packageVersion}. A language model invents these texts: nobody wrote them, and what they say may be untrue. Say so when you share one.</p>
</footer>
</main>`;
  return renderSitePage({ title: 'titlesmith in your browser', styles, script, policy, body });
}

function step(name: string, title: string, content: Html): Html {
  return html`<li><section id="${name}" aria-labelledby="${name}-title">
<h2 id="${name}-title">${title}</h2>
${content}
</section></li>`;
}

const titlesStep = html`<p>A text file with one title a line, or a table (CSV) of which one column holds the titles; packed files (<code>.gz</code>) too.
Some hundred titles are enough to see something, a thousand are better.</p>
<div id="drop" class="drop">
<label class="file"><span class="button primary">Choose a file</span>
<input id="file" type="file" multiple class="visually-hidden" accept=".csv,.tsv,.txt,.json,.jsonl,.ndjson,.gz,.zst,text/*"></label>
<p>or drop it here</p>
</div>
<div id="columns" role="group" aria-label="Columns of this table" hidden><div class="buttons" id="column-buttons"></div></div>
<p class="or"><button type="button" id="example">Try the example</button> <span class="help">some thousand invented questions, made up by a program</span></p>
<details id="paste"><summary id="paste-summary">Paste titles instead</summary>
<label class="field" for="pasted">One title a line
<textarea id="pasted" rows="6" spellcheck="false"></textarea></label>
<button type="button" id="use-pasted">Use these</button>
</details>
<div id="reading" hidden><p id="reading-state" class="state"></p>
<button type="button" id="stop-reading" disabled>Stop</button></div>
<div id="titles-read" hidden></div>`;

const learnStep = html`<p id="learn-help">The model already knows English titles in general. Now it reads yours again and again. From time to time it is
tested on titles that were held back. That takes minutes, on a slow device longer; how long, it says once it has begun. For a short try,
set 50 steps below.</p>
<details class="settings" id="learn-settings"><summary id="learn-summary">How long and how it learns</summary>
<label class="field" for="run-name">Name for what you make
<input id="run-name" type="text" maxlength="40" autocomplete="off" placeholder="that of your file"></label>
<label class="field" for="steps">Steps
<input id="steps" type="number" inputmode="numeric" min="1" max="100000" step="1" placeholder="chosen for your titles" aria-describedby="steps-help"></label>
<p class="help" id="steps-help">A step is one look at a handful of titles; many steps read the whole list several times. More steps take longer, and may make it learn titles by heart; 50 make a short try. Left empty, it ends when the test no longer gets better.</p>
<label class="field" for="way">What changes
<select id="way" aria-describedby="way-help"><option value="all">the whole model</option>
<option value="adapters">only small additions to it</option></select></label>
<p class="help" id="way-help">Additions have room for less: they learn less by heart. (Experts call them adapters; these are of rank 8.)</p>
<label class="field" for="train-seed">Number to begin chance with (seed)
<input id="train-seed" type="number" inputmode="numeric" min="0" max="${runOptions.seed.maximum}" step="1" value="0" aria-describedby="train-seed-help"></label>
<p class="help" id="train-seed-help">The same titles, settings and number give the same model again.</p>
</details>
<p class="help" id="train-why">Give it titles first, above.</p>
<div class="buttons"><button type="button" id="train" class="primary" aria-describedby="train-why" disabled>Learn</button>
<button type="button" id="stop" disabled>Stop</button></div>
<div id="learning" hidden>
<p id="learning-state" class="state"></p>
<p class="buttons"><button type="button" id="go-on" class="primary" hidden>Go on learning</button></p>
<progress id="learning-bar" aria-label="Learning" max="1" value="0"></progress>
<figure id="curve" hidden>
<figcaption class="legend"><span class="key training">titles it reads</span> <span class="key held-out">titles held back</span></figcaption>
<div id="curve-chart"></div>
<p class="help">How much each part of a word still surprises it (in bits); lower is better. The line of the titles held back gets a point at each test, every 25 steps. When it rises again, it begins to learn by heart.</p>
</figure>
<div id="learning-samples" hidden><h3>What it says meanwhile</h3><ul class="accepted" id="sample-list"></ul></div>
</div>`;

const writeStep = html`<p id="write-help">Learn first, or see what the model writes as it came: titles like those of Reddit, not like yours.</p>
<form id="write-form" autocomplete="off">
<label class="field" for="model">Written by
<select id="model"><option value="">the model as it came</option></select></label>
<div class="pair">
<div>${slider({ id: 'count', label: 'Titles', minimum: 10, maximum: 500, step: 10, value: 100 })}</div>
<div>${slider({ id: 'temperature', label: 'Daring', minimum: 0, maximum: 2, step: 0.05, value: samplingOptions.temperature.default, help: 'Low: safe and alike. High: surprising, then nonsense. (Temperature)' })}</div>
</div>
<details class="settings"><summary>How it chooses words (for the curious)</summary>
<label class="field" for="prefix">Begin with
<input id="prefix" type="text" maxlength="200" placeholder="anything, or nothing"></label>
<div class="pair">
<div>${slider({ id: 'top-k', label: 'Top k', minimum: 0, maximum: 100, step: 1, value: 0, help: 'Only the k likeliest next words; 0: all.' })}</div>
<div>${slider({ id: 'top-p', label: 'Top p', minimum: 0, maximum: 1, step: 0.01, value: 0, help: 'Only the likeliest words that make up this share; 0: all.' })}</div>
<div>${slider({ id: 'min-p', label: 'Min p', minimum: 0, maximum: 1, step: 0.01, value: 0, help: 'Only words at least this share as likely as the likeliest; 0: all.' })}</div>
<div>${slider({ id: 'typical-p', label: 'Typical p', minimum: 0, maximum: 1, step: 0.01, value: 0, help: 'Words of usual surprise that make up this share; 0: all.' })}</div>
<div>${slider({ id: 'repetition-penalty', label: 'Repetition penalty', minimum: 1, maximum: 2, step: 0.05, value: 1, help: 'Above 1: words that were said become less likely.' })}</div>
<div>${slider({ id: 'length', label: 'Longest, in word parts', minimum: 4, maximum: 100, step: 1, value: generationOptions.length.default })}</div>
</div>
<label class="field" for="seed">Number to begin chance with (seed)
<input id="seed" type="number" inputmode="numeric" min="0" max="${runOptions.seed.maximum}" step="1" placeholder="random" aria-describedby="seed-help"></label>
<p class="help" id="seed-help">The same number and settings give the same titles again.</p>
</details>
<div class="buttons"><button type="submit" id="generate" class="primary">Write titles</button>
<button type="button" id="stop-writing" disabled>Stop</button></div>
</form>
<div id="writing" hidden>
<p id="writing-state" class="state"></p>
<progress id="writing-bar" aria-label="Writing" max="1" value="0"></progress>
</div>
<div id="texts" hidden>
<div class="controls"><label class="check"><input type="checkbox" id="hide-refused"> Hide refused</label>
<button type="button" id="copy-texts">Copy all</button>
<a href="#copied" id="to-verdict" hidden>What was found about them</a></div>
<div id="text-list"></div>
</div>`;

const copiedStep = html`<p id="copied-help">Once there are new titles, they are compared with those it learned from.</p>
<div id="verdict" hidden>
<p id="headline" class="headline"></p>
<p id="for-you" class="lead"></p>
<dl class="figures" id="verdict-figures"></dl>
<details class="layman"><summary>What does that mean?</summary>
<p>A model can do two things with your titles. It can learn how such titles are made, and write others. Or it can learn them by heart, and
recite them, perhaps with a word changed. From a single title you cannot tell which it was.</p>
<p>So some of your titles were held back: the model never saw them. By chance, real titles resemble each other, too. If the model’s
titles resemble those it learned from more often than the held-back ones do, it recites. If they do so no more often, it writes.</p>
<p>With few titles chance is large. Then the heading says that they are too few, or not enough, to tell, and the sentence below it says what would.</p>
</details>
<details id="report-part"><summary>For experts: what was measured, and the whole report</summary>
<p class="help" id="meaning"></p>
<p class="help">The report speaks to people who use titlesmith on a command line: it names options and files that this page does not have.</p>
<iframe id="report" title="The whole report" sandbox="allow-scripts" loading="lazy"></iframe></details>
</div>`;

const keepStep = html`<p id="keep-help">Everything stays in this browser until you remove it. To keep it elsewhere, save it as files.</p>
<div class="buttons"><button type="button" id="save-accepted" disabled>Save the new titles</button>
<button type="button" id="save-report" disabled>Save the report</button>
<button type="button" id="save-archive" disabled>Save everything, the model too</button></div>
<p class="help" id="nothing-new" hidden>There is no new title to save: all that it wrote was refused.</p>
<p class="help">“Everything” is one file that this page can open again, here or in another browser.<span id="archive-size"></span></p>
<details><summary>For experts: the file on a computer</summary>
<p class="help">It is an archive that <code>titlesmith import</code> unpacks; its folder <code>checkpoint</code> opens with Hugging Face’s libraries.</p></details>
<label class="file"><span class="button">Open a saved “everything”</span>
<input id="archive" type="file" class="visually-hidden" accept=".gz,.tgz,application/gzip"></label>`;
