import { describe, expect, test } from 'vitest';
import { answersTo, isLoopback, parseHost } from '../../../src/web/server/host-names.js';

test.each([
  ['localhost:8080', { name: 'localhost', port: 8080 }],
  ['LOCALHOST', { name: 'localhost', port: 80 }],
  ['[::1]:8080', { name: '::1', port: 8080 }],
  ['[::1]', { name: '::1', port: 80 }],
  ['titles.example.org', { name: 'titles.example.org', port: 80 }],
  ['a@localhost', undefined],
  ['localhost:', undefined],
  ['localhost:1:2', undefined],
  ['local host', undefined],
  ['::1', undefined],
])('reads the header %j', (header, parts) => {
  expect(parseHost(header)).toEqual(parts);
});

test.each(['localhost', '127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'])(
  '%s is this machine',
  (name) => {
    expect(isLoopback(name)).toBe(true);
  },
);

test.each(['0.0.0.0', '::', '128.0.0.1', '127.0.0.1.example', 'localhost.example'])('%s is not', (name) => {
  expect(isLoopback(name)).toBe(false);
});

test('that allows * answers to any name', () => {
  expect(answersTo('any.example:1', { host: '127.0.0.1', port: 8080 }, ['*'])).toBe(true);
  expect(answersTo('no host', { host: '127.0.0.1', port: 8080 }, ['*'])).toBe(false);
});

describe('a server', () => {
  test.each([
    ['127.0.0.1', 'localhost:8080', true],
    ['127.0.0.1', '127.0.0.1:8080', true],
    ['127.0.0.1', '[::1]:8080', true],
    ['127.0.0.1', 'localhost:9090', false],
    ['127.0.0.1', 'localhost', false],
    ['127.0.0.1', 'evil.example:8080', false],
    ['127.0.0.1', 'localhost.evil.example:8080', false],
    ['127.0.0.1', 'localhost.:8080', false],
    ['127.0.0.1', '10.0.0.5:8080', false],
    ['127.0.0.2', '127.0.0.2:8080', true],
    ['127.0.0.2', 'evil.example:8080', false],
    ['::1', '[::1]:8080', true],
    ['::1', 'evil.example:8080', false],
    ['localhost', 'evil.example:8080', false],
    ['0.0.0.0', 'titles.example', true],
    ['0.0.0.0', 'localhost:9090', true],
    ['::', '10.0.0.5:8080', true],
    ['0.0.0.0', 'no host', false],
  ])('on %s answers to %s: %s', (host, header, isAnswered) => {
    expect(answersTo(header, { host, port: 8080 }, [])).toBe(isAnswered);
  });

  test.each([
    ['0.0.0.0', 'titles.example', true],
    ['0.0.0.0', 'TITLES.example:443', true],
    ['0.0.0.0', 'exact.example:8443', true],
    ['0.0.0.0', 'exact.example:443', false],
    ['0.0.0.0', 'a.b.below.example', true],
    ['0.0.0.0', 'below.example', true],
    ['0.0.0.0', 'notbelow.example', false],
    ['0.0.0.0', 'evil.example', false],
    ['0.0.0.0', '10.0.0.5:8080', true],
    ['0.0.0.0', 'localhost:8080', true],
    ['127.0.0.1', 'titles.example', true],
    ['127.0.0.1', '10.0.0.5:8080', false],
    ['127.0.0.1', 'localhost:9000', true],
    ['127.0.0.1', 'localhost:9001', false],
  ])('on %s that allows some names answers to %s: %s', (host, header, isAnswered) => {
    const allowed = ['titles.example', 'exact.example:8443', '.below.example', 'localhost:9000'];
    expect(answersTo(header, { host, port: 8080 }, allowed)).toBe(isAnswered);
  });
});
