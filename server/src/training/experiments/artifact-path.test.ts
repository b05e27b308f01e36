import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseArtifactFolder, parseArtifactPath } from './artifact-path.ts';

test.each([
  'a',
  'a/b.txt',
  'with space',
  'plus+tilde~',
  '100%',
  '50%25',
  'ümlaut/日本',
  '..a',
  'a..',
  'a?b',
  '-',
])('%j is a file', (path) => expect(parseArtifactPath(path)).toBe(path));

test.each([
  '',
  '.',
  '..',
  'a/',
  '/a',
  '//a',
  'a//b',
  'a/./b',
  '../a',
  'a/../../b',
  'a/..',
  '..\\..\\etc',
  'a\\b',
  'C:/x',
  'file:///etc/passwd',
  'a#b',
  'a\0b',
  'a\nb',
  '%2e%2e/a',
  '%2E%2E%2Fa',
  '%252e%252e%252fetc',
  '%25252525252e./x',
  '%2fetc%2fpasswd',
  '..%5c..%5cetc',
  'a%23b',
  'a%00b',
  '%ff%2e%2e/%2e%2e/x',
  'x'.repeat(1_801),
])('%j is refused', (path) => {
  expect(() => parseArtifactPath(path)).toThrow(/^Invalid path/);
});

test('a folder may be the run itself and may end in a slash', () => {
  expect(parseArtifactFolder('')).toBe('');
  expect(parseArtifactFolder('a/b/')).toBe('a/b');
  expect(() => parseArtifactFolder('a//')).toThrow('Invalid path');
});

/** Encodes all of a text's bytes, `depth` times over. */
function encode(text: string, depth: number): string {
  let encoded = text;
  for (let i = 0; i < depth; i++) encoded = Buffer.from(encoded).toString('hex').replace(/../g, '%$&');
  return encoded;
}

test('no number of encodings hides a step upward', () => {
  const name = fc.stringMatching(/^[a-z0-9 _.+~%-]{1,8}$/);
  const upward = fc.constantFrom('..', '../', '/../', '..\\');
  fc.assert(
    fc.property(name, upward, name, fc.integer({ min: 0, max: 3 }), (before, up, after, depth) => {
      expect(() => parseArtifactPath(`${before}/${encode(up, depth)}/${after}`)).toThrow('Invalid path');
    }),
  );
});
