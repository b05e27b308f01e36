import { expect, test } from 'vitest';
import { modelRequirements } from '../../training/learners/mlflow-model.ts';
import advisories from './advisories.json' with { type: 'json' };
import { toPickledFile, warningsOf } from './findings.ts';
import { isOlder, normalName, parseRequirements, pinned } from './versions.ts';

const of = (name: string, version: string) =>
  warningsOf([], [{ name, version, from: 'requirements.txt' }]).map(({ kind, text }) => `${kind}: ${text}`);

test('versions are told apart as Python tells them', () => {
  const inOrder = ['0.9', '1.0rc1', '1.0', '1.0.1', '1.2', '1.10', '1.10.0.1', '2.0.dev1', '2.0'];
  for (const [i, version] of inOrder.entries())
    for (const [j, other] of inOrder.entries())
      expect([version, other, isOlder(version, other)]).toEqual([version, other, i < j]);
  expect(isOlder('1.0', '1.0.0')).toBe(false);
  expect(isOlder('1.4.1.post1', '1.5.0')).toBe(true);
  expect(isOlder('2.5.1+cu121', '2.6.0')).toBe(true);
  expect(isOlder('newest', '1.0')).toBeNull();
});

test('a requirements file as pip reads it', () => {
  const text =
    '# made by us\nscikit_learn==1.4.0 ; python_version > "3.8"\ntorch [cuda] >= 2.0, <3\n-r more.txt\nnumpy\nmine @ file:///x\n--index-url https://x\n';
  expect(parseRequirements(text)).toEqual([
    { name: 'scikit-learn', asked: '==1.4.0' },
    { name: 'torch', asked: '>=2.0,<3' },
    { name: 'numpy', asked: '' },
  ]);
  expect(['==1.4.0', '===2', '>=1', '==1.*', ''].map(pinned)).toEqual(['1.4.0', '2', null, null, null]);
});

test('a version with a known fault is named, with the one that mended it', () => {
  expect(of('torch', '2.5.1')[0]).toMatch(
    /^advisory: torch 2\.5\.1 .*CVE-2025-32434 of 2025-04-18, mended in 2\.6\.0/,
  );
  expect(of('torch', '99.0')).toEqual([]);
  expect(of('scikit_learn', '1.4.1.post1')).toHaveLength(1);
  // The line 1.1 was mended too.
  expect([of('joblib', '1.1.0').length, of('joblib', '1.1.1').length, of('joblib', '1.2.0').length]).toEqual([
    1, 0, 0,
  ]);
  expect(of('torch', '>=2.0')[0]).toMatch(/^loose-version: .*torch>=2\.0, which lets in versions with CVE/);
  expect(of('torch', '>=99.0')).toEqual([]);
  expect(of('numpy', '1.0')).toEqual([]);
});

test('what our own learners ask for has no known fault', () => {
  const warnings = parseRequirements(modelRequirements.join('\n')).flatMap(({ name, asked }) =>
    of(name, asked),
  );
  expect(warnings).toEqual([]);
});

test('each advisory has what a reader needs to look it up', () => {
  for (const { id, package: name, fixed, date, text, source } of advisories.advisories) {
    expect(id).toMatch(/^CVE-\d{4}-\d{4,}$/);
    expect(name).toBe(normalName(name));
    expect(isOlder('0', fixed)).toBe(true);
    expect(Date.parse(date)).toBeLessThanOrEqual(Date.parse(advisories.date));
    expect(text.length).toBeGreaterThan(20);
    expect(source).toMatch(/^https:\/\//);
  }
});

test('a pickle is warned of by what is outside the list, and by where its reading ended', () => {
  const file = toPickledFile({
    path: 'm.pkl',
    imports: ['numpy.ndarray', 'os.system'],
    stoppedBy: 'it is torn',
  });
  expect(file).toMatchObject({ outside: ['os.system'], complete: false });
  expect(warningsOf([file], []).map(({ kind }) => kind)).toEqual(['import', 'unread-pickle']);
  expect(
    warningsOf([toPickledFile({ path: 'm.pkl', imports: ['numpy.ndarray'], stoppedBy: null })], []),
  ).toEqual([]);
});
