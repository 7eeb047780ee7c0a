import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { collect } from '../../../src/common/collect.js';
import { InterruptedError } from '../../../src/common/errors.js';
import { silentContext } from '../../../src/common/progress.js';
import { openDumpSource } from '../../../src/data/sources/dump-source.js';
import type { TitleSource } from '../../../src/data/sources/title-source.js';
import { withListedSubreddits } from '../../../src/pipeline/run/listed-subreddits.js';
import {
  monthsKey,
  prepareSharedRows,
  type SharedRows,
  sharedSource,
} from '../../../src/pipeline/run/shared-rows.js';
import { failureLine, ndjson, temporaryFolder, write } from '../../data/sources/helpers.js';
import { hostilePosts, post, question } from '../../data/sources/posts.js';

const folder = temporaryFolder();
const odd = [post('Line \u2028 separators \u2029 and "quotes"\nand breaks', { subreddit: 'Odd' })];
const path = write(folder, 'posts.ndjson', ndjson([...hostilePosts, ...odd]));

const everyMonth = monthsKey(question({}));

/** A shared extraction of subreddits that need the same months. */
function share(months: string, subreddits: readonly string[]): Promise<SharedRows> {
  return prepareSharedRows(mkdtempSync(join(folder, 'rows-')), new Map([[months, subreddits]]));
}

/** A source over the posts that counts how often it is asked. */
async function counted() {
  const source = await openDumpSource([path]);
  const asked: string[][] = [];
  const counting: TitleSource = {
    ...source,
    rows: (query, context) => {
      asked.push([...query.subreddits]);
      return source.rows(query, context);
    },
  };
  return { source, counting, asked };
}

test('each run gets the rows it would get alone; the source is asked once', async () => {
  const { source, counting, asked } = await counted();
  const subreddits = ['askreddit', 'showerthoughts', 'odd', 'askredit'];
  const shared = await share(everyMonth, subreddits);
  for (const name of ['askreddit', 'odd', 'showerthoughts']) {
    const query = question({ subreddits: [name], limit: 11 });
    const alone = await collect(source.rows(query, silentContext));
    expect(await collect(sharedSource(counting, shared).rows(query, silentContext))).toEqual(alone);
  }
  const unknown = question({ subreddits: ['askredit'], limit: 11 });
  const line = await failureLine(() => collect(sharedSource(counting, shared).rows(unknown, silentContext)));
  expect(line).toBe(await failureLine(() => collect(source.rows(unknown, silentContext))));
  expect(asked).toEqual([subreddits]);
});

test('a source that fails is asked again by the next run, and leaves no rows', async () => {
  const { source } = await counted();
  const shared = await share(everyMonth, ['askreddit', 'odd']);
  let fails = 1;
  const failing: TitleSource = {
    ...source,
    async *rows(query, context) {
      for await (const row of source.rows(query, context)) {
        yield row;
        fails -= 1;
        if (fails === 0) throw new Error('the source broke');
      }
    },
  };
  const query = question({ subreddits: ['odd'] });
  await expect(collect(sharedSource(failing, shared).rows(query, silentContext))).rejects.toThrow('broke');
  expect(await collect(sharedSource(failing, shared).rows(query, silentContext))).toHaveLength(1);
});

test('who asks for other months asks alone', async () => {
  const { source, counting, asked } = await counted();
  const shared = await share('2013-01_2013-02', ['odd']);
  const query = question({ subreddits: ['odd'] });
  const alone = await collect(source.rows(query, silentContext));
  expect(await collect(sharedSource(counting, shared).rows(query, silentContext))).toEqual(alone);
  expect(asked).toEqual([['odd']]);
});

test('names of a file come behind those given, and what is no name is told with its line', async () => {
  const names = write(folder, 'names.txt', 'odd\n\n# a remark\n/r/AskReddit # the largest\n');
  const listed = await withListedSubreddits({ subreddit: ['showerthoughts'], subredditFile: names });
  expect(listed).toEqual({ subreddit: ['showerthoughts', 'odd', 'askreddit'] });
  expect(await withListedSubreddits({ keepOut: ['aww'], keepOutFile: names, subredditFile: names })).toEqual({
    keepOut: ['aww', 'odd', 'askreddit'],
    subreddit: ['odd', 'askreddit'],
  });
  const empty = write(folder, 'empty.txt', '# nothing\n');
  expect(await failureLine(() => withListedSubreddits({ keepOutFile: empty }))).toContain('--keep-out-file');
});

test.each([
  ['a space', 'odd\nno name\n', 'names.txt:2 got "no name", which is not the name of a subreddit'],
  ['several names', 'odd, cats\n', 'names.txt:1 got "odd, cats", which is not the name'],
  ['half a name', 'odd\r\rr/\r', 'names.txt:3 got "r/", which is not the name'],
  ['quotes', '"odd"\n', 'names.txt:1 got "\\"odd\\"", which is not the name'],
  [
    'an address',
    '\n\nhttps://old.reddit.com/r/Cats/comments/1/x/\n',
    'names.txt:3 got "https://old.reddit.com/r/Cats/comments/1/x/", which is an address: the name alone is cats.',
  ],
  ['nothing', '', 'names.txt holds no name. Write one name a line'],
  ['a byte order mark', '\uFEFF', 'names.txt holds no name.'],
  ['remarks', '# cats\r\n  \r\n', 'names.txt holds no name.'],
])('a file of names with %s is refused', async (_, content, said) => {
  const line = await failureLine(() =>
    withListedSubreddits({ subredditFile: write(folder, 'names.txt', content) }),
  );
  expect(line).toContain(said);
  expect(line).toContain('Write one name a line, such as askreddit');
});

test('a file of names may begin with a byte order mark, end its lines in any way, and name one twice', async () => {
  const names = write(folder, 'names.txt', '\uFEFFodd\r\nr/Cats\rODD\n');
  const { subreddit } = await withListedSubreddits({ subredditFile: names });
  expect(subreddit).toEqual(['odd', 'cats', 'odd']);
});

test('a stop is heard between the files of the rows', async () => {
  const { source, counting, asked } = await counted();
  const shared = await share(everyMonth, ['askreddit', 'odd']);
  const stop = { aborted: false };
  const stopping: TitleSource = {
    ...source,
    async *rows(query, context) {
      yield* source.rows(query, context);
      stop.aborted = true;
    },
  };
  const query = question({ subreddits: ['odd'] });
  const context = { ...silentContext, signal: stop };
  await expect(collect(sharedSource(stopping, shared).rows(query, context))).rejects.toThrow(
    InterruptedError,
  );
  expect(await collect(sharedSource(counting, shared).rows(query, silentContext))).toHaveLength(1);
  expect(asked).toEqual([['askreddit', 'odd']]);
});
