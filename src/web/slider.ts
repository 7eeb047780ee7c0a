import { type Html, html } from './html.js';

interface Slider {
  readonly id: string;
  readonly label: string;
  readonly minimum: number;
  readonly maximum: number;
  readonly step: number;
  readonly value: number;
  readonly help?: string;
}

/** A slider with its name, its value and, where there is one, a line that explains it. */
export function slider({ id, label, minimum, maximum, step, value, help }: Slider): Html {
  const described = help === undefined ? null : html` aria-describedby="${id}-help"`;
  return html`<div class="slider"><label for="${id}">${label}</label><output id="${id}-value" for="${id}">${value}</output>
<input type="range" id="${id}" min="${minimum}" max="${maximum}" step="${step}" value="${value}"${described}></div>
${help === undefined ? null : html`<p class="help" id="${id}-help">${help}</p>`}`;
}
