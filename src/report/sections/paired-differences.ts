import type { Estimate } from '../../common/judgement.js';
import { formatCount } from '../../common/number-formats.js';
import { type Html, html, visible } from '../../web/html.js';
import type { PairedDifference } from '../comparison/comparison.js';

/** How the differences are computed, and what their intervals leave out. */
export const pairedMethod =
  'Both losses of a title are subtracted before they are averaged, titles weighing by their bytes; the interval is that of a ratio ' +
  'over a sample of titles (Cochran 1977). It does not cover what another seed of the training would change.';

/** A difference in bits a byte with its sign: −0.012. */
function formatBits(bits: number): string {
  const value = Math.abs(bits).toFixed(3);
  if (Number(value) === 0) return value;
  return `${bits < 0 ? '\u2212' : '+'}${value}`;
}

/** A difference with its interval: `−0.012, 95% from −0.020 to −0.004`. */
export function intervalInWords({ value, low, high }: Estimate): string {
  return `${formatBits(value)}, 95% from ${formatBits(low)} to ${formatBits(high)}`;
}

/** What a difference says of the run, as far as its interval tells. */
export function findingInWords({ low, high }: Estimate): string {
  if (high < 0) return 'predicts them better';
  return low > 0 ? 'predicts them worse' : 'no difference beyond chance';
}

/** The held-out losses of every run beside those of the first, title by title; null where no run has losses of single titles. */
export function pairedDifferences(differences: readonly PairedDifference[]): Html | null {
  const [first] = differences;
  if (!first) return null;
  return html`<section aria-labelledby="paired">
<h2 id="paired">The same held-out titles, one by one</h2>
<p>Held-out loss less that of <bdi>${visible(first.against)}</bdi>, in bits a byte: below 0 is better.</p>
<ul class="paired">
${differences.map(item)}</ul>
<p class="meaning">${pairedMethod}</p>
</section>`;
}

function item({ name, titles, bits, reason }: PairedDifference): Html {
  if (bits === null)
    return html`<li><strong><bdi>${visible(name)}</bdi></strong> <span class="finding">not compared: ${visible(reason ?? '')}</span></li>
`;
  return html`<li><strong><bdi>${visible(name)}</bdi></strong> <span class="finding">${findingInWords(bits)}</span>
<span class="evidence">${intervalInWords(bits)}; ${formatCount(titles)} titles</span></li>
`;
}
