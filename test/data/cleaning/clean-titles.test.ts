import { describe, expect, test } from 'vitest';
import { collect } from '../../../src/common/collect.js';
import { cleanTitle, cleanTitles, maxRawTitleLength } from '../../../src/data/cleaning/clean-titles.js';

describe('cleanTitle', () => {
  test.each([
    ['[deleted]', 'deleted or removed'],
    [' [Removed] ', 'deleted or removed'],
    ['[deleted by user]', 'deleted or removed'],
    ['[ Removed by Reddit ]', 'deleted or removed'],
    ['[ Removed by reddit in response to a copyright notice. ]', 'deleted or removed'],
    ['[ Removed by Reddit on account of violating the content policy. ]', 'deleted or removed'],
    ['[Deleted by user].', 'deleted or removed'],
    ['[removed - rule 3]', 'deleted or removed'],
    ['[Post removed by moderator]', 'deleted or removed'],
    ['&#91;deleted&#93;', 'deleted or removed'],
    ['[removed because of spam]', 'deleted or removed'],
    ['[removed per rule 3]', 'deleted or removed'],
    ['[ Removed by moderator ]\u200b', 'deleted or removed'],
    ['[re\u200bmoved]', 'deleted or removed'],
    ['[\u00a0removed\u00a0]', 'deleted or removed'],
    ['\\[deleted by user\\]', 'deleted or removed'],
    ['**[removed]**', 'deleted or removed'],
    ['［removed］', 'deleted or removed'],
    ['(removed)', 'deleted or removed'],
    ['(deleted by user)', 'deleted or removed'],
    ['[unavailable]', 'deleted or removed'],
    ['[gelöscht]', 'deleted or removed'],
    ['[ supprimé ]', 'deleted or removed'],
    ['[已删除]', 'deleted or removed'],
    ['seven c', 'too short'],
    ['&amp;&amp;&amp;&amp;', 'too short'],
    ['   a   b   ', 'too short'],
    ['', 'too short'],
    ['x'.repeat(maxRawTitleLength + 1), 'too long'],
  ])('%j is dropped: %s', (raw, reason) => {
    expect(cleanTitle(raw)).toEqual({ reason });
  });

  test.each([
    '[deleted] scenes of films',
    'Why [removed]',
    '[removed] [deleted]',
    '[Deleted scene from a film]',
    '(Removed for the second time this year)',
    '[Eliminado del torneo]',
    '[Unavailable in your country]',
    'Deleted by user',
    '*removed* or not',
    '8 charss',
    '😀😀😀😀😀😀😀😀',
  ])('%j is kept', (raw) => {
    expect(cleanTitle(raw)).toEqual({ title: raw });
  });

  test('length is counted in characters, not in UTF-16 units', () => {
    expect(cleanTitle('😀😀😀😀')).toEqual({ reason: 'too short' });
    expect(cleanTitle('😀😀😀😀', 4)).toEqual({ title: '😀😀😀😀' });
  });
});

test('cleanTitles keeps the first of equal titles and says why others go', async () => {
  const rows = ['Cats &amp; dogs', '[removed]', 'Cats & dogs', 'short', ' Cats\u200B &  dogs', 'cats & dogs'];
  const source = (async function* () {
    for (const title of rows) yield { title };
  })();
  expect(await collect(cleanTitles(source))).toEqual([
    { raw: 'Cats &amp; dogs', title: 'Cats & dogs' },
    { raw: '[removed]', reason: 'deleted or removed' },
    { raw: 'Cats & dogs', reason: 'duplicate' },
    { raw: 'short', reason: 'too short' },
    { raw: ' Cats\u200B &  dogs', reason: 'duplicate' },
    { raw: 'cats & dogs', title: 'cats & dogs' },
  ]);
});
