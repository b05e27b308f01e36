import { expect, test } from 'vitest';
import { parseSource } from './source.ts';

const id = `m-${'a'.repeat(32)}`;

test.each([
  ['runs:/4f/model', { kind: 'run', runId: '4f', path: 'model', isStrict: true }],
  ['runs:/4f/a b/c', { kind: 'run', runId: '4f', path: 'a b/c', isStrict: true }],
  ['runs:/4f', { kind: 'run', runId: '4f', path: '', isStrict: true }],
  ['mlflow-artifacts:/0/4f/artifacts/model', { kind: 'run', runId: '4f', path: 'model', isStrict: false }],
  ['mlflow-artifacts:///0/4f/artifacts', { kind: 'run', runId: '4f', path: '', isStrict: false }],
  [`models:/${id}`, { kind: 'loggedModel', id, path: '', isStrict: true }],
  [`mlflow-artifacts:/0/models/${id}/artifacts`, { kind: 'loggedModel', id, path: '', isStrict: false }],
  ['models:/my model/3', { kind: 'version', name: 'my model', selector: '3', isAlias: false }],
  ['models:/a@b@champion', { kind: 'version', name: 'a@b', selector: 'champion', isAlias: true }],
  ['mlflow-artifacts://elsewhere:5000/0/4f/artifacts/model', { kind: 'foreign' }],
  ['mlflow-artifacts:/0/other', { kind: 'foreign' }],
  ['s3://bucket/a/b', { kind: 'foreign' }],
  ['gs://bucket/a%20b', { kind: 'foreign' }],
  ['dbfs:/models/x', { kind: 'foreign' }],
  ['http://169.254.169.254/latest', { kind: 'foreign' }],
])('%s', (source, expected) => expect(parseSource(source, 'mlflow-artifacts:/')).toEqual(expected));

test.each([
  '/etc',
  'etc/passwd',
  './model',
  'C:/x',
  'file:///etc',
  'FILE:///etc',
  'file:/etc',
  '%66ile:///etc',
  'file://h/../../',
  '//proc/self/root',
  'mlflow-artifacts:/../../etc',
  'mlflow-artifacts:/0/4f/artifacts/../../x',
  'mlflow-artifacts://h/..%2f..%2f',
  'mlflow-artifacts://h/%252e%252e/%252e%252e',
  'http://h/api/2.0/mlflow-artifacts/artifacts/../../',
  'http://h/api/2.0/mlflow-artifacts/artifacts%00',
  's3://b/../x',
  's3://b/x\\..\\y',
  'http:///#/../../etc/',
  's3://b/x#y',
  's3://b/x?a=../..',
  's3://b/x?a=%2e%2e',
  'http://x/a;..',
  'javascript:/alert(1)',
  'data:/text',
  'runs://h/4f/model',
  'runs:/',
  'runs:/4f/model?x=1',
  'models://h/x/1',
  'models:/',
  'models:/a/b/c',
  'models:/forecaster',
  's3:bucket',
  's3://b/x\n',
  `s3://b/${'x'.repeat(3000)}`,
  `s3://b/${encodeAgain('%2e%2e', 30)}/x`,
  's3://b/\ud800',
])('%j is refused', (source) => {
  expect(() => parseSource(source, 'mlflow-artifacts:/')).toThrow(/^Invalid model version source/);
});

const root = 'file:///mnt/art';
const run = '4'.repeat(32);
const model = `m-${'5'.repeat(32)}`;

test('in the folder that is the root of artifacts, a source names the run or model whose files lie there', () => {
  const place = `${root}/3/${run}/artifacts`;
  const found = { kind: 'run', runId: run, place, isStrict: true };
  expect(parseSource(`${place}/model/a b`, root)).toEqual({ ...found, path: 'model/a b' });
  expect(parseSource(place, root)).toEqual({ ...found, path: '' });
  expect(parseSource(`${root}/own/place/models/${model}/artifacts`, root)).toEqual({
    ...{ kind: 'loggedModel', id: model, path: '', isStrict: true },
    place: `${root}/own/place/models/${model}/artifacts`,
  });
});

test.each([
  'file:///etc',
  `file:///mnt/artists/3/${run}/artifacts/model`,
  `file:///mnt/art/../x/${run}/artifacts/model`,
  `${root}/3/${run}/artifacts/%2e%2e/model`,
  `${root}/3/${run}`,
  `${root}/3/nobody/artifacts/model`,
  `FILE:///mnt/art/3/${run}/artifacts/model`,
  `file://host/mnt/art/3/${run}/artifacts/model`,
  root,
])('%s is refused though the root is a folder', (source) => {
  expect(() => parseSource(source, root)).toThrow(/^Invalid model version source/);
});

function encodeAgain(text: string, times: number): string {
  return times === 0 ? text : encodeAgain(text.replaceAll('%', '%25'), times - 1);
}
