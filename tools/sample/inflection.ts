/** Simple past and past participle of the irregular verbs the grammars use. */
const irregular: Record<string, readonly [past: string, done: string]> = {
  be: ['was', 'been'],
  become: ['became', 'become'],
  bite: ['bit', 'bitten'],
  break: ['broke', 'broken'],
  bring: ['brought', 'brought'],
  build: ['built', 'built'],
  buy: ['bought', 'bought'],
  catch: ['caught', 'caught'],
  cut: ['cut', 'cut'],
  draw: ['drew', 'drawn'],
  drink: ['drank', 'drunk'],
  drive: ['drove', 'driven'],
  eat: ['ate', 'eaten'],
  fall: ['fell', 'fallen'],
  feed: ['fed', 'fed'],
  feel: ['felt', 'felt'],
  fight: ['fought', 'fought'],
  find: ['found', 'found'],
  fly: ['flew', 'flown'],
  forget: ['forgot', 'forgotten'],
  get: ['got', 'gotten'],
  give: ['gave', 'given'],
  go: ['went', 'gone'],
  grow: ['grew', 'grown'],
  have: ['had', 'had'],
  hide: ['hid', 'hidden'],
  hold: ['held', 'held'],
  keep: ['kept', 'kept'],
  leave: ['left', 'left'],
  lose: ['lost', 'lost'],
  make: ['made', 'made'],
  meet: ['met', 'met'],
  pay: ['paid', 'paid'],
  put: ['put', 'put'],
  quit: ['quit', 'quit'],
  read: ['read', 'read'],
  ride: ['rode', 'ridden'],
  ring: ['rang', 'rung'],
  run: ['ran', 'run'],
  say: ['said', 'said'],
  sell: ['sold', 'sold'],
  send: ['sent', 'sent'],
  shake: ['shook', 'shaken'],
  sing: ['sang', 'sung'],
  sit: ['sat', 'sat'],
  sleep: ['slept', 'slept'],
  speak: ['spoke', 'spoken'],
  spend: ['spent', 'spent'],
  steal: ['stole', 'stolen'],
  swim: ['swam', 'swum'],
  take: ['took', 'taken'],
  teach: ['taught', 'taught'],
  tell: ['told', 'told'],
  throw: ['threw', 'thrown'],
  wake: ['woke', 'woken'],
  wear: ['wore', 'worn'],
  win: ['won', 'won'],
  write: ['wrote', 'written'],
};

/** Regular or irregular, these double their last letter before -ing and -ed. */
const doubling = new Set(
  'beg chat cut drop forget get hug nap plan put quit run shop sit skip stop swim tip trip wag win wrap'.split(
    ' ',
  ),
);

const irregularPlurals: Record<string, string> = {
  child: 'children',
  goldfish: 'goldfish',
  goose: 'geese',
  jellyfish: 'jellyfish',
  knife: 'knives',
  loaf: 'loaves',
  moose: 'moose',
  mouse: 'mice',
  octopus: 'octopuses',
  person: 'people',
  potato: 'potatoes',
  scarf: 'scarves',
  sheep: 'sheep',
  shelf: 'shelves',
  tomato: 'tomatoes',
  wolf: 'wolves',
};

/** -s as nouns in the plural and verbs in the third person take it. */
function withS(word: string): string {
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`;
  return /(s|x|z|ch|sh|go|do)$/.test(word) ? `${word}es` : `${word}s`;
}

function past(verb: string): string {
  if (verb.endsWith('e')) return `${verb}d`;
  if (/[^aeiou]y$/.test(verb)) return `${verb.slice(0, -1)}ied`;
  return doubling.has(verb) ? `${verb}${verb.at(-1)}ed` : `${verb}ed`;
}

function gerund(verb: string): string {
  if (verb.endsWith('ie')) return `${verb.slice(0, -2)}ying`;
  if (/[^eo]e$/.test(verb) && verb !== 'be') return `${verb.slice(0, -1)}ing`;
  return doubling.has(verb) ? `${verb}${verb.at(-1)}ing` : `${verb}ing`;
}

function onFirstWord(change: (word: string) => string): (phrase: string) => string {
  return (phrase) => phrase.replace(/^[a-z]+/, change);
}

function inPerson(your: string, yourself: string): (phrase: string) => string {
  return (phrase) => phrase.replace(/\byourself\b/g, yourself).replace(/\byour\b/g, your);
}

/**
 * The forms a grammar may ask for behind a dot, `{deed.past.their}`. Verb phrases are written in the infinitive
 * and the second person (`forget your keys`), nouns in the singular. The first word of a verb phrase changes,
 * the last of a noun phrase.
 */
export const forms: Readonly<Record<string, (phrase: string) => string>> = {
  past: onFirstWord((verb) => irregular[verb]?.[0] ?? past(verb)),
  done: onFirstWord((verb) => irregular[verb]?.[1] ?? past(verb)),
  ing: onFirstWord(gerund),
  third: onFirstWord((verb) => ({ be: 'is', have: 'has' })[verb] ?? withS(verb)),
  plural: (phrase) => phrase.replace(/[a-z]+$/, (noun) => irregularPlurals[noun] ?? withS(noun)),
  their: inPerson('their', 'themselves'),
  my: inPerson('my', 'myself'),
  our: inPerson('our', 'ourselves'),
  its: inPerson('its', 'itself'),
  title: (phrase) =>
    phrase.replace(/(^|[ -])([a-z])/g, (_, before: string, letter: string) => before + letter.toUpperCase()),
};

/** Turns `a` into `an` where the next word starts with a vowel sound. */
export function fixArticles(text: string): string {
  return text.replace(/\b([Aa]) (?=[aeiou])(?!(one|uni|use|euro|once))/g, '$1n ');
}
