import { describe, expect, test } from 'vitest';
import { fixArticles, forms } from '../../../tools/sample/inflection.js';

describe('forms', () => {
  test.each([
    ['past', 'forget your keys', 'forgot your keys'],
    ['past', 'bake bread at midnight', 'baked bread at midnight'],
    ['past', 'carry a piano', 'carried a piano'],
    ['past', 'play the drums', 'played the drums'],
    ['past', 'drop a cake', 'dropped a cake'],
    ['done', 'fall up the stairs', 'fallen up the stairs'],
    ['done', 'win a pie contest', 'won a pie contest'],
    ['done', 'laugh at a joke', 'laughed at a joke'],
    ['ing', 'lie about your age', 'lying about your age'],
    ['ing', 'get lost', 'getting lost'],
    ['ing', 'write a poem', 'writing a poem'],
    ['ing', 'be late', 'being late'],
    ['ing', 'agree', 'agreeing'],
    ['third', 'wash the dishes', 'washes the dishes'],
    ['third', 'carry a canoe', 'carries a canoe'],
    ['third', 'have a nap', 'has a nap'],
    ['plural', 'mouse', 'mice'],
    ['plural', 'park ranger', 'park rangers'],
    ['plural', 'snow globe', 'snow globes'],
    ['plural', 'fox', 'foxes'],
    ['plural', 'mystery', 'mysteries'],
    ['plural', 'donkey', 'donkeys'],
    ['their', 'be your own twin, yourself', 'be their own twin, themselves'],
    ['my', 'cut your own hair', 'cut my own hair'],
    ['our', 'hide from yourself', 'hide from ourselves'],
    ['title', 'the last accordion', 'The Last Accordion'],
  ])('%s of "%s" is "%s"', (form, phrase, expected) => {
    expect(forms[form]!(phrase)).toBe(expected);
  });
});

test('articles follow the sound of the next word', () => {
  expect(fixArticles('a owl, a used owl, a one-eyed cat and A uncle')).toBe(
    'an owl, a used owl, a one-eyed cat and An uncle',
  );
});
