import { expect, test } from 'vitest';
import { parseFileUri, toFileUri } from './file-uri.ts';

test.each([
  ['file:///srv/files', '/srv/files'],
  ['file:///srv/files/', '/srv/files'],
  ['file:///srv/my%20files', '/srv/my files'],
  ['file:///srv/my files', '/srv/my files'],
  ['file:///srv/%C3%BCber', '/srv/über'],
  ['file:///srv/..files', '/srv/..files'],
])('%s', (uri, path) => {
  expect(parseFileUri(uri)).toBe(path);
  expect(parseFileUri(toFileUri(path))).toBe(path);
});

test.each([
  '',
  '/srv',
  'file:///',
  'file:////srv',
  'file:///srv//x',
  'file://host/srv',
  'file:/srv',
  'FILE:///srv',
  'file:///srv/../etc',
  'file:///srv/..',
  'file:///srv/./x',
  'file:///srv/%2e%2e/etc',
  'file:///srv/%2E%2e',
  'file:///srv%2fx',
  'file:///srv%00',
  'file:///srv%25',
  'file:///srv?x',
  'file:///srv#x',
  'file:///srv;x',
  'file:///srv\\x',
  'file:///srv\n',
  'file:///srv/%FF',
  's3://b/x',
])('%j is none', (uri) => expect(parseFileUri(uri)).toBeNull());
