// Generated clients are compiled, and their doubles used, as a product engineer does; a slow file because compilers start.
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { Validator } from '@seriousme/openapi-schema-validator';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../../../testing/temp-dir.ts';
import { toOpenApi } from './openapi.ts';
import { toPython } from './python.ts';
import type { EndpointSignature, FieldKind, SignatureField } from './signature.ts';
import { toTypeScript } from './typescript.ts';

const run = promisify(execFile);
const python = process.env.TIDEMILL_TEST_PYTHON ?? 'python3';
const tsc = join(import.meta.dirname, '../../../../../node_modules/typescript/bin/tsc');

const field = (name: string, more: Partial<SignatureField> = {}): SignatureField => ({
  ...{ name, kind: 'number', isRequired: true, minimum: null, maximum: null },
  ...more,
});
const signatureOf = (fields: SignatureField[], more: Partial<EndpointSignature> = {}): EndpointSignature => ({
  ...{ endpoint: 'forecast', description: 'Next close', revision: 3, model: 'forecaster@2' },
  ...{ fields, looksUp: false, isNumeric: true },
  ...more,
});
const plain = signatureOf([
  field('ticker', { kind: 'key' }),
  field('close', { minimum: 0, maximum: 200 }),
  field('note', { kind: 'text', isRequired: false }),
]);

const hostileNames = [
  ...[
    'a b',
    'class',
    'default',
    'None',
    '__proto__',
    'constructor',
    '"double"',
    "it's",
    '`${x}`',
    '\\',
    '\\u',
  ],
  ...[
    '*/ throw 1; /*',
    '"""',
    '# no',
    '</script>',
    '日本',
    'é',
    '\u2028',
    '\u0000',
    '\ud800',
    'new\nline',
    '',
    '1st',
  ],
];
const kinds: FieldKind[] = ['number', 'integer', 'boolean', 'text', 'datetime', 'key'];
const name = fc.oneof(
  fc.constantFrom(...hostileNames),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ maxLength: 20 }),
);
const anyField = fc.record({
  name,
  kind: fc.constantFrom(...kinds),
  isRequired: fc.boolean(),
  minimum: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
  maximum: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
});
const anySignature = fc.record({
  endpoint: fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/),
  description: name,
  revision: fc.nat(),
  model: name,
  fields: fc.uniqueArray(anyField, { selector: (one) => one.name, maxLength: 30 }),
  looksUp: fc.boolean(),
  isNumeric: fc.boolean(),
});
const many = [
  signatureOf(
    hostileNames.map((each, i) =>
      field(each, { kind: kinds[i % kinds.length] as FieldKind, isRequired: i % 2 === 0 }),
    ),
    {
      endpoint: '0-none',
      description: '*/ """ \\',
      model: '*/"""',
    },
  ),
  ...fc.sample(anySignature, { numRuns: 20, seed: 8 }),
];

async function compile(folder: string, files: string[]): Promise<string> {
  const options = [
    '--strict',
    '--noUncheckedIndexedAccess',
    '--exactOptionalPropertyTypes',
    '--noUnusedLocals',
  ];
  const target = ['--noEmit', '--target', 'es2022', '--module', 'esnext', '--moduleResolution', 'bundler'];
  const library = ['--lib', 'es2022,dom', '--types', '', '--allowImportingTsExtensions', '--ignoreConfig'];
  const call = [tsc, ...options, ...target, ...library, ...files];
  return run(process.execPath, call, { cwd: folder }).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  );
}

describe('clients of any signature', () => {
  test('are valid TypeScript, whatever the inputs are called', async () => {
    const folder = await tempDir();
    const files = many.map((_, i) => `client-${i}.ts`);
    await Promise.all(many.map((each, i) => writeFile(join(folder, `client-${i}.ts`), toTypeScript(each))));
    expect(await compile(folder, files)).toBe('');
  });

  test('are valid Python, whatever the inputs are called', async () => {
    const folder = await tempDir();
    const files = many.map((_, i) => join(folder, `client_${i}.py`));
    await Promise.all(many.map((each, i) => writeFile(files[i] as string, toPython(each))));
    await run(python, ['-W', 'error', '-m', 'py_compile', ...files]);
    const imports = many.map((_, i) => `import client_${i}`).join('; ');
    await run(python, ['-c', imports], { cwd: folder });
  });

  test('have OpenAPI documents that a validator accepts', async () => {
    for (const each of [plain, ...many]) {
      const document = JSON.parse(JSON.stringify(toOpenApi(each, 'http://127.0.0.1:4600'))) as Record<
        string,
        unknown
      >;
      const { valid, errors } = await new Validator().validate(document);
      expect([valid, errors]).toEqual([true, undefined]);
    }
    const wrong = { ...toOpenApi(plain, '/'), paths: { predict: { post: 5 } } };
    expect((await new Validator().validate(wrong)).valid).toBe(false);
  });
});

test('TypeScript refuses a record with a wrong or missing input', async () => {
  const folder = await tempDir();
  await writeFile(join(folder, 'client.ts'), toTypeScript(plain));
  const use = (text: string) =>
    writeFile(
      join(folder, 'use.ts'),
      `import { createForecastClient } from './client.ts';\nconst client = createForecastClient();\n${text}\nexport {};\n`,
    );
  await use('const n: number = (await client.predict({ ticker: "A", close: 1 })).value; void n;');
  expect(await compile(folder, ['use.ts'])).toBe('');
  for (const wrong of [
    '{ ticker: "A" }',
    '{ ticker: "A", close: "1" }',
    '{ ticker: "A", close: 1, cloze: 1 }',
  ]) {
    await use(`await client.predict(${wrong});`);
    expect(await compile(folder, ['use.ts']), wrong).toContain('use.ts(3,');
  }
});

describe('the double', () => {
  async function importClient() {
    const file = join(await tempDir(), 'client.ts');
    await writeFile(file, toTypeScript(plain));
    return import(/* @vite-ignore */ pathToFileURL(file).href);
  }
  const record = { ticker: 'AAPL', close: 100 };

  test('answers, records its calls, warns, and fails as it is told', async () => {
    const { createForecastDouble, ForecastError } = await importClient();
    const double = createForecastDouble({ answer: (input: { close: number }) => input.close * 2 });
    expect(await double.predict(record)).toMatchObject({ value: 200, source: 'model', warnings: [] });
    const { warnings } = await double.predict({ ...record, close: 201 });
    expect(warnings).toEqual(['close 201 is above the training maximum 200']);
    double.answerWith({ value: 1, source: 'fallback' });
    expect(await double.predict(record)).toMatchObject({ value: 1, source: 'fallback' });
    const down = new ForecastError({
      code: 'predictionUnavailable',
      message: 'It is down. Try again.',
      status: 503,
    });
    double.failNext(down);
    await expect(double.predict(record)).rejects.toBe(down);
    expect(down.remedy).toBe('Try again.');
    expect(await double.predict(record)).toMatchObject({ value: 1 });
    expect(double.calls).toHaveLength(5);
    const key = { idempotencyKey: 'a' };
    expect((await double.predict(record, key)).id).toBe((await double.predict(record, key)).id);
  });

  test.each([
    [{ ticker: 'AAPL' }, 'featureInvalid', "feature 'close': it is missing"],
    [{ ticker: 'AAPL', close: 'high' }, 'featureInvalid', '"high" is not a number'],
    [{ ticker: 'AAPL', close: Number.NaN }, 'featureInvalid', 'it is NaN'],
    [{ ticker: 'AAPL', close: 1, note: 5 }, 'featureInvalid', '5 is no text'],
    [{ close: 1 }, 'entityKeyMissing', "feature 'ticker': it is missing"],
  ])('refuses %j as the server does', async (wrong, code, problem) => {
    const { createForecastDouble } = await importClient();
    const failure = await createForecastDouble({ answer: 1 })
      .predict(wrong)
      .catch((error: Error) => error);
    expect(failure).toMatchObject({ code, status: 400 });
    expect(failure.message).toContain(problem);
  });

  test('takes its time, and ends when it is told to', async () => {
    const { createForecastDouble } = await importClient();
    const double = createForecastDouble({ answer: 1, latencyMs: 60_000 });
    const controller = new AbortController();
    const waiting = double.predict(record, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  test('in Python does the same', async () => {
    const folder = await tempDir();
    await writeFile(join(folder, 'client.py'), toPython(plain));
    const script = `
from client import ForecastDouble, ForecastError
double = ForecastDouble(answer=lambda record: record["close"] * 2)
record = {"ticker": "AAPL", "close": 100.0}
assert double.predict(record)["value"] == 200.0
assert double.predict({**record, "close": 201})["warnings"] == ["close 201 is above the training maximum 200"]
double.fail_next(ForecastError("predictionUnavailable", "It is down. Try again.", 503))
for wrong, code in [(record, "predictionUnavailable"), ({"ticker": "A"}, "featureInvalid"), ({"close": 1}, "entityKeyMissing"),
                    ({**record, "close": "x"}, "featureInvalid"), ({**record, "note": 5}, "featureInvalid")]:
    try:
        double.predict(wrong)
        raise SystemExit(f"{wrong} was taken")
    except ForecastError as error:
        assert error.code == code, error
        assert error.remedy
assert len(double.calls) == 7
`;
    await run(python, ['-W', 'error', '-c', script], { cwd: folder });
  });
});
