import { describe, expect, test } from 'vitest';
import { html, visible } from '../../src/web/html.js';

describe('html', () => {
  test('escapes what is inserted, but not its own markup', () => {
    expect(
      html`<p title="${'"'}">${'<b>'} ${html`<i>${'&'}</i>`} ${[html`1`, html`2`]}${null}</p>`.markup,
    ).toBe('<p title="&quot;">&lt;b&gt; <i>&amp;</i> 12</p>');
  });

  test('makes control characters visible', () => {
    expect(visible('a\u0000b\u001bc\u007fd\u2028e\ud800f😀')).toBe('a␀b␛c\ufffdd\ufffde\ufffdf😀');
  });
});
