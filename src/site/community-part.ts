import { formatCount } from '../common/number-formats.js';
import { type Html, html } from '../web/html.js';

/**
 * The part of the page that needs no titles: a community of Reddit is chosen by name. The browser filters the names as a
 * person types. @param communities those that the model knows, in ascending order.
 */
export function communityPart(communities: readonly string[]): Html {
  const example = communities.includes('baking') ? 'baking' : communities[0]!;
  return html`<section id="at-once" aria-labelledby="at-once-title">
<h2 id="at-once-title">At once, without titles of your own</h2>
<p>Name a community of Reddit, and read titles as people write them there. They come from the general model as it came, leaning towards what is typical
there, which is not the same as true or good. It has read titles of ${formatCount(communities.length)} communities, more of some than of others. For titles like yours, let it learn below.</p>
<form id="community-form" autocomplete="off">
<label class="field" for="community">Community
<input id="community" type="text" list="community-list" maxlength="24" required placeholder="${example}" autocapitalize="none" autocorrect="off" spellcheck="false" aria-describedby="community-help"></label>
<datalist id="community-list">${communities.map((name) => html`<option value="${name}"></option>`)}</datalist>
<p class="help" id="community-help">Type a part of a name, and choose from the list.</p>
<div class="buttons"><button type="submit" id="write-at-once">Write titles at once</button></div>
</form>
</section>`;
}
