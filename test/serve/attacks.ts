/** A request that no honest client sends, as the bytes of a connection. */
export interface Attack {
  readonly name: string;
  readonly pieces: (host: string) => readonly (string | Buffer)[];
  /** Between the pieces. */
  readonly pauseMs?: number;
}

type Headers = Readonly<Record<string, string>>;

function head(method: string, path: string, host: string, headers: Headers): string {
  const lines = Object.entries({ Host: host, Connection: 'close', ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return [`${method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}

function posted(name: string, path: string, body: string | Buffer, headers: Headers = {}): Attack {
  const length = String(Buffer.byteLength(body));
  const all = { 'Content-Type': 'application/json', 'Content-Length': length, ...headers };
  return { name: `${path} ${name}`, pieces: (host) => [head('POST', path, host, all), body] };
}

function got(name: string, path: string, headers: Headers = {}, method = 'GET'): Attack {
  return { name, pieces: (host) => [head(method, path, host, headers)] };
}

function raw(name: string, ...pieces: readonly (string | Buffer)[]): Attack {
  return { name, pieces: () => pieces };
}

const faces = ['/', '/v1/completions', '/texts'] as const;
const promptField = { '/': 'prefix', '/v1/completions': 'prompt', '/texts': 'prompt' } as const;

/** A valid body of a face, with something changed. */
function body(face: (typeof faces)[number], change: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...(face === '/v1/completions' ? { model: 'made-up' } : {}), ...change });
}

/** JSON that says no number, or none that can be. */
const notNumbers = ['NaN', 'Infinity', '-Infinity', '+1', '01', '.5', '0x10', '1e', '--1'];
const wrongNumbers: readonly unknown[] = [-1, 1e308, -1e308, '-3', 'NaN', 'many', [1], {}, true, ''];

const broken: readonly (readonly [string, string | Buffer])[] = [
  ['empty braces cut', '{'],
  ['text', 'prefix=What'],
  ['an array', '[]'],
  ['a string', '"What"'],
  ['a number', '7'],
  ['null', 'null'],
  ['arrays 30,000 deep', '['.repeat(30_000)],
  ['objects 10,000 deep', '{"a":'.repeat(10_000)],
  ['closed arrays 20,000 deep', '['.repeat(20_000) + ']'.repeat(20_000)],
  ['a trailing comma', '{"n":1,}'],
  ['a comment', '{/**/}'],
  ['single quotes', "{'n':1}"],
  ['UTF-16', Buffer.from('{"n":1}', 'utf16le')],
  ['a NUL', '{"n":1\u0000}'],
  ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31])],
  ['__proto__', '{"__proto__":{"admin":true}}'],
  ['constructor.prototype', '{"constructor":{"prototype":{"admin":true}}}'],
  ['70,000 bytes', `{"prompt":"${'a'.repeat(70_000)}"}`],
  ['a megabyte', `{"prompt":"${'a'.repeat(2 ** 20)}"}`],
];

function ofFace(face: (typeof faces)[number]): Attack[] {
  const prompt = promptField[face];
  const at = (name: string, change: Readonly<Record<string, unknown>>) =>
    posted(name, face, body(face, change));
  const written = (name: string, text: string) =>
    posted(name, face, body(face, { temperature: 'HERE' }).replace('"HERE"', text));
  return [
    ...broken.map(([name, content]) => posted(name, face, content)),
    ...notNumbers.map((text) => written(`temperature ${text}`, text)),
    ...wrongNumbers.map((value) => at(`temperature ${JSON.stringify(value)}`, { temperature: value })),
    ...[-5, 1.5, 1e9, '1.5', [3], {}].map((value) => at(`top_k ${JSON.stringify(value)}`, { top_k: value })),
    ...[-0.1, 1.1, 'a', {}].map((value) => at(`top_p ${JSON.stringify(value)}`, { top_p: value })),
    at('a lone high surrogate', { [prompt]: 'a\ud800' }),
    at('a lone low surrogate', { [prompt]: '\udfffb' }),
    at('a prompt that is an object', { [prompt]: { toString: 'a' } }),
    at('a prompt that is a number', { [prompt]: 1 }),
  ];
}

const named: readonly Attack[] = [
  ...[0, -1, 1e9, 2.5, '3', null].map((n) => posted(`n ${n}`, '/texts', JSON.stringify({ n }))),
  ...[0, -1, 65, 1e9, '3'].map((n) => posted(`n ${n}`, '/v1/completions', body('/v1/completions', { n }))),
  ...[0, -1, 1024, 1e9].map((length) => posted(`length ${length}`, '/', body('/', { length }))),
  ...[0, -1, 1e9, 1.5].map((max_tokens) =>
    posted(`max_tokens ${max_tokens}`, '/v1/completions', body('/v1/completions', { max_tokens })),
  ),
  ...[0.5, 2 ** 60, 'one'].map((seed) =>
    posted(`seed ${seed}`, '/v1/completions', body('/v1/completions', { seed })),
  ),
  posted('a stop of nothing', '/v1/completions', body('/v1/completions', { stop: '' })),
  posted(
    'a stop of 10,000 letters',
    '/v1/completions',
    body('/v1/completions', { stop: 'a'.repeat(10_000) }),
  ),
  posted(
    '100 prompts',
    '/v1/completions',
    body('/v1/completions', { prompt: Array.from({ length: 100 }, () => 'a') }),
  ),
  posted(
    'a prompt of 5,000 letters',
    '/v1/completions',
    body('/v1/completions', { prompt: 'a'.repeat(5000) }),
  ),
  posted(
    'markup as a model',
    '/v1/completions',
    JSON.stringify({ model: '<script>alert(1)</script>'.slice(1) }),
  ),
  posted('an unknown field', '/v1/completions', body('/v1/completions', { '(a+)+$': 1 })),
  posted('an unknown field of markup', '/texts', JSON.stringify({ 'img src=x': 1 })),
  posted('a field named toString', '/texts', JSON.stringify({ toString: 1 })),
  posted(
    '5,000 fields',
    '/texts',
    JSON.stringify(Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`f${i}`, 1]))),
  ),
  posted('XML', '/texts', '<a/>', { 'Content-Type': 'text/xml' }),
  posted('a form', '/v1/completions', 'model=made-up', {
    'Content-Type': 'application/x-www-form-urlencoded',
  }),
  posted('gzip that is none', '/texts', 'abc', { 'Content-Encoding': 'gzip' }),
  got('a query of NaN', '/?temperature=NaN'),
  got('a query of a negative length', '/?length=-1'),
  got('a length twice', '/?length=3&length=4'),
  got('a prefix twice', '/?prefix=a&prefix=%3Cscript%3E'),
  got('broken percent signs', '/%zz%'),
  got('a path upwards', '/../../etc/passwd'),
  got('an encoded path upwards', '/%2e%2e/%2e%2e/etc/passwd'),
  got('a path of 4,000 letters', `/${'a'.repeat(4000)}`),
  got('a model of 2,000 letters', `/v1/models/${'a'.repeat(2000)}`),
  got('a NUL in the path', '/page%00.js'),
  {
    name: 'two hosts',
    pieces: (host) => [
      `GET /page HTTP/1.1\r\nHost: ${host}\r\nHost: evil.example\r\nConnection: close\r\n\r\n`,
    ],
  },
  {
    name: 'another host in the target',
    pieces: (host) => [head('GET', 'http://evil.example/page', host, {})],
  },
  got('a text for another site', '/?length=2', { 'Sec-Fetch-Site': 'cross-site' }),
  got('a Boolean that is none', '/?include_prefix=maybe'),
  got('an unknown method', '/page', {}, 'DELETE'),
  got('TRACE', '/', {}, 'TRACE'),
  got('PUT without a body', '/texts', {}, 'PUT'),
  got('a foreign host', '/', { Host: 'evil.example' }),
  got('a host that only looks right', '/', { Host: 'localhost.evil.example' }),
  got('an empty host', '/', { Host: '' }),
  got('a foreign origin', '/', { Origin: 'https://evil.example' }),
  got('a null origin', '/', { Origin: 'null' }),
  got('a head of 20,000 bytes', '/', { 'X-Fill': 'a'.repeat(20_000) }),
  got('3,000 headers', '/', Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`X-${i}`, 'a']))),
  got('an address of 20,000 bytes', `/?prefix=${'a'.repeat(20_000)}`),
  got('an expectation', '/', { Expect: 'miracles' }),
  raw('no HTTP', 'hello there\r\n\r\n'),
  raw('TLS', Buffer.from([0x16, 0x03, 0x01, 0x00, 0xa5, 0x01, 0x00, 0x00, 0xa1, 0x03, 0x03])),
  raw('HTTP/3.7', 'GET / HTTP/3.7\r\nHost: a\r\n\r\n'),
  raw('no host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'),
  raw('a space before a colon', 'GET / HTTP/1.1\r\nHost : localhost\r\n\r\n'),
  raw('a NUL in a header', 'GET / HTTP/1.1\r\nHost: localhost\r\nX: a\u0000b\r\n\r\n'),
  raw(
    'two lengths',
    'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
  ),
  raw(
    'a length and chunks',
    'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ),
  raw('a negative length', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -2\r\n\r\n{}'),
  raw(
    'chunks that are none',
    'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n',
  ),
  raw('CONNECT', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n'),
  {
    name: 'a head that comes slowly',
    pieces: (host) => [
      'GET / HTTP/1.1\r\n',
      `Host: ${host}\r\n`,
      ...Array.from({ length: 40 }, (_, i) => `X-${i}: a\r\n`),
    ],
    pauseMs: 400,
  },
  {
    name: 'a body that comes slowly',
    pieces: (host) => [
      head('POST', '/texts', host, { 'Content-Type': 'application/json', 'Content-Length': '1000' }),
      ...Array.from({ length: 40 }, () => ' '),
    ],
    pauseMs: 400,
  },
  {
    name: 'a body that never comes',
    pieces: (host) => [
      head('POST', '/', host, { 'Content-Type': 'application/json', 'Content-Length': '10' }),
    ],
  },
];

/** Broken bodies, wrong values and broken HTTP, on all three faces. */
export const attacks: readonly Attack[] = [...faces.flatMap(ofFace), ...named];
