import { expect, test } from 'vitest';
import { newApp } from './new-app.js';

const text = { type: 'string', minLength: 1, maxLength: 5 } as const;
const schema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    count: { type: ['integer', 'null'], minimum: 1, maximum: 9 },
    share: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
    stop: { anyOf: [text, { type: 'array', minItems: 1, maxItems: 2, items: text }, { type: 'null' }] },
    flag: { type: ['boolean', 'null'] },
    kind: { enum: ['a', 'b', null] },
    id: { type: 'string', pattern: '^[a-z]+$', description: 'a name of small letters' },
    none: { anyOf: [{ type: 'object', maxProperties: 0 }, { type: 'null' }], description: 'left out' },
    inner: { type: 'object', properties: { flag: { type: 'boolean' } } },
  },
};

test.each([
  [{ count: '3' }, 'count must be a whole number from 1 to 9 or null; it is the text "3".'],
  [{ count: 10 }, 'count must be a whole number from 1 to 9 or null; it is 10.'],
  [{ count: 1.5 }, 'count must be a whole number from 1 to 9 or null; it is 1.5.'],
  [{ share: 0 }, 'share must be a number above 0, at most 1; it is 0.'],
  [
    { stop: 5 },
    'stop must be a text of 1 to 5 characters, a list of 1 to 2 values, each a text of 1 to 5 characters or null; it is 5.',
  ],
  [{ stop: '' }, 'stop must be a text of 1 to 5 characters; it is the text "".'],
  [{ stop: 'abcdef' }, 'stop must be a text of 1 to 5 characters; it is the text "abcdef".'],
  [
    { stop: ['a', 'b', 'c'] },
    'stop must be a list of 1 to 2 values, each a text of 1 to 5 characters; it is a list of 3.',
  ],
  [
    { stop: [] },
    'stop must be a list of 1 to 2 values, each a text of 1 to 5 characters; it is a list of 0.',
  ],
  [{ stop: ['a', 5] }, 'stop.1 must be a text of 1 to 5 characters; it is 5.'],
  [{ stop: ['a', ''] }, 'stop.1 must be a text of 1 to 5 characters; it is the text "".'],
  [{ flag: 'true' }, 'flag must be true or false or null; it is the text "true".'],
  [{ kind: 'c' }, 'kind must be "a", "b" or null; it is the text "c".'],
  [{ id: 'A' }, 'id must be a name of small letters; it is the text "A".'],
  [{ none: { a: 1 } }, 'none must be left out; it is an object.'],
  [{ none: 3 }, 'none must be left out; it is 3.'],
  [{ inner: { flag: 'a'.repeat(70) } }, 'inner.flag must be true or false; it is a text of 70 characters.'],
  [{ more: 1 }, '"more" is no field of this request.'],
  [[], 'The body must be an object; it is a list of 0.'],
])('says of %j what is wrong with it', async (payload, message) => {
  const app = newApp();
  app.post('/', { schema: { body: schema } }, async () => ({}));
  const answer = await app.inject({ method: 'POST', url: '/', payload });
  expect(answer.statusCode).toBe(400);
  expect(answer.json().error.message).toBe(message);
});
