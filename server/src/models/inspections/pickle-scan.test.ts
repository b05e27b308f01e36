import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fixtures } from '../../testing/pickles.ts';
import { isAllowed } from './findings.ts';
import { computedName } from './pickle-scan.ts';
import { scanPickles } from './pickle-worker.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemill-pickles-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function scan(bytes: Uint8Array) {
  const local = join(folder, 'file');
  writeFileSync(local, bytes);
  return scanPickles([{ path: 'model.pkl', local }]);
}
const scanOne = (bytes: Uint8Array) => scan(bytes)[0];
const fixture = (name: keyof typeof fixtures) => Buffer.from(fixtures[name], 'base64');

describe('imports of a pickle', () => {
  test('a fitted model needs nothing but its library', () => {
    const found = scanOne(fixture('linear'));
    expect(found?.stoppedBy).toBeNull();
    expect(found?.imports).toEqual([
      'sklearn.linear_model._base.LinearRegression',
      expect.stringMatching(/^numpy\.(core|_core)\.multiarray\._reconstruct$/),
      'numpy.ndarray',
      'numpy.dtype',
      expect.stringMatching(/^numpy\.(core|_core)\.multiarray\.scalar$/),
    ]);
    expect(found?.imports.every(isAllowed)).toBe(true);
  });

  test.each(['system0', 'system2', 'system4', 'system5'] as const)('code that runs is found: %s', (name) => {
    const found = scanOne(fixture(name));
    expect(found).toMatchObject({ stoppedBy: null });
    expect(found?.imports).toContain('posix.system');
    expect(isAllowed('posix.system')).toBe(false);
  });

  test('in the zip file of PyTorch, and what is compressed there is said not to be read', () => {
    expect(scan(fixture('zip'))).toMatchObject([
      {
        path: 'model.pkl:archive/data.pkl',
        imports: ['posix.system', '_codecs.encode', '__builtin__.frozenset', '__builtin__.bytearray'],
        stoppedBy: null,
      },
      { path: 'model.pkl:archive/packed.pkl', imports: [], stoppedBy: 'it is compressed' },
    ]);
  });

  test('before the numbers of joblib, and that the rest is not known', () => {
    const found = scanOne(fixture('joblib'));
    expect(found?.imports).toContain('joblib.numpy_pickle.NumpyArrayWrapper');
    expect(found?.stoppedBy).toMatch(/numbers of joblib follow at byte \d+/);
  });

  test('a name that is taken from the memo, and one that is put together while it is loaded', () => {
    // Protocol 4: 'os' and 'system' remembered, dropped, taken again, imported.
    const short = (text: string) => [0x8c, text.length, ...Buffer.from(text)];
    const memoized = [
      0x80,
      4,
      ...short('os'),
      0x94,
      ...short('system'),
      0x94,
      0x30,
      0x30,
      0x68,
      0,
      0x68,
      1,
      0x93,
      0x2e,
    ];
    expect(scanOne(Uint8Array.from(memoized))?.imports).toEqual(['os.system']);
    const computed = [0x80, 4, ...short('os'), 0x4e, 0x93, 0x2e];
    expect(scanOne(Uint8Array.from(computed))?.imports).toEqual([computedName]);
    expect(isAllowed(computedName)).toBe(false);
  });

  test('a second pickle behind the first is read too', () => {
    const found = scanOne(Buffer.concat([fixture('linear'), fixture('system4')]));
    expect(found?.imports).toContain('posix.system');
  });

  test('whatever the bytes, it ends, and a torn file is said to be one', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(scan(bytes)).toBeInstanceOf(Array);
      }),
    );
    const whole = fixture('linear');
    for (let size = 0; size < whole.length; size += 7)
      expect(scanOne(whole.subarray(0, size))?.stoppedBy).toMatch(/ends/);
  });
});

test('names that run code are on no list, though their library is', () => {
  for (const name of [
    ...[
      'numpy.load',
      'torch.load',
      'torch.hub.load',
      'functools.partial',
      'builtins.eval',
      'builtins.getattr',
    ],
    ...[
      'numpy.testing._private.utils.runstring',
      'pandas.io.pickle.read_pickle',
      'sklearn.utils.check_array',
    ],
    ...[
      'os.system',
      'subprocess.Popen',
      'cloudpickle.cloudpickle._make_function',
      'joblib.load',
      '__main__.Model',
    ],
    ...['pandas.core.computation.eval.eval', 'builtins.listX', 'xsklearn.a.B'],
  ])
    expect([name, isAllowed(name)]).toEqual([name, false]);
});
