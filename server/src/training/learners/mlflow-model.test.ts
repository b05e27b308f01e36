import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type FeatureRange, listFeatureRanges, listOutsideRange } from './feature-range.ts';
import { buildMatrix } from './learner-testing.ts';
import { buildMlflowModel, MLmodelFormatError, parseMLmodel } from './mlflow-model.ts';
import { ridge } from './ridge.ts';

const features = buildMatrix({ 'flow rate': [1, 2, 3, 1e-7, 5, 6], no: [0.5, -1, 2, 8, 3, 4] });
const model = ridge.fit({ features, target: Float64Array.of(1, 2, 3, 4, 5, 6) }, {}, 0);
const input = {
  onnx: model.toOnnx(),
  example: features,
  trainingRange: listFeatureRanges(features),
  runId: '12345678901234567890123456789012',
  modelUuid: '00112233445566778899aabbccddeeff',
  createdAt: new Date('2026-03-04T05:06:07.089Z'),
};

function readText(path: string): string {
  return new TextDecoder().decode(buildMlflowModel(input).get(path));
}

describe('buildMlflowModel', () => {
  it('holds the files MLflow looks for, the same bytes each time', () => {
    const folder = buildMlflowModel(input);
    expect([...folder.keys()].sort()).toEqual(
      [
        'MLmodel',
        'conda.yaml',
        'input_example.json',
        'model.onnx',
        'python_env.yaml',
        'requirements.txt',
      ].sort(),
    );
    expect(folder).toEqual(buildMlflowModel(input));
  });

  it('writes identifiers and times that a YAML 1.1 reader keeps as text', () => {
    const read: unknown = parse(readText('MLmodel'), { version: '1.1' });
    expect(read).toMatchObject({
      run_id: input.runId,
      model_uuid: input.modelUuid,
      utc_time_created: '2026-03-04 05:06:07.089000',
    });
  });

  it('gives the first five rows as an example, null where a value is missing', () => {
    const example = { ...features, columns: features.columns.map((column) => column.with(0, Number.NaN)) };
    const folder = buildMlflowModel({ ...input, example });
    const read: unknown = JSON.parse(new TextDecoder().decode(folder.get('input_example.json')));
    expect(read).toEqual({
      columns: ['flow rate', 'no'],
      data: [
        [null, null],
        [2, -1],
        [3, 2],
        [1e-7, 8],
        [5, 3],
      ],
    });
  });
});

describe('parseMLmodel', () => {
  it('reads back what was written', () => {
    const read = parseMLmodel(readText('MLmodel'));
    expect(read.signature).toEqual({
      inputs: [
        { name: 'flow rate', type: 'double' },
        { name: 'no', type: 'double' },
      ],
      outputs: [{ name: 'prediction', type: 'double' }],
      parameters: [],
    });
    expect(read).toMatchObject({ examplePath: 'input_example.json', mlflowVersion: null });
    expect(read.runId).toBe(input.runId);
    expect(Object.keys(read.flavors)).toEqual(['onnx', 'python_function']);
    expect(read.trainingRange).toEqual(input.trainingRange);
  });

  it('reads what MLflow wrote: folded signatures, tensors, no run', () => {
    const read = parseMLmodel(
      [
        'flavors:',
        '  sklearn:',
        '    code: null',
        'signature:',
        `  inputs: '[{"type": "tensor", "tensor-spec":`,
        `    {"dtype": "float32", "shape": [-1, 4]}}]'`,
        '  outputs: null',
        "utc_time_created: '2026-11-23 12:35:39.962501'",
      ].join('\n'),
    );
    expect(read.signature).toEqual({
      inputs: [{ name: '', type: 'tensor(float32)', shape: [-1, 4] }],
      outputs: [],
      parameters: [],
    });
    expect(read).toMatchObject({ runId: null, trainingRange: [] });
  });

  it.each([
    ['a tag', 'flavors: !!python/object/apply:os.system ["ls"]'],
    ['broken YAML', 'flavors: {'],
    ['a list', '- flavors'],
    ['no flavors', 'run_id: a'],
    ['flavors of text', 'flavors: {onnx: text}'],
    ['a signature that is no JSON', 'flavors: {}\nsignature: {inputs: "["}'],
    ['a signature that is no list', 'flavors: {}\nsignature: {inputs: "{}"}'],
    [
      'an alias bomb',
      `flavors: {}\na: &a [x]\n${'bcdefgh'.replace(/./g, (n) => `${n}: &${n} [${Array(9).fill(`*${String.fromCharCode(n.charCodeAt(0) - 1)}`)}]\n`)}`,
    ],
  ])('refuses %s', (_case, text) => {
    expect(() => parseMLmodel(text)).toThrow(MLmodelFormatError);
  });
});

describe('feature ranges', () => {
  it('leave out missing values, and columns of nothing else', () => {
    const gaps = buildMatrix({ a: [2, Number.NaN, -1], b: [Number.NaN, Number.NaN, Number.NaN] });
    expect(listFeatureRanges(gaps)).toEqual([{ name: 'a', min: -1, max: 2 }]);
  });

  it('name the first value outside and count the rows', () => {
    const ranges: FeatureRange[] = [
      { name: 'a', min: 0, max: 1 },
      { name: 'b', min: 0, max: 1 },
      { name: 'gone', min: 0, max: 1 },
    ];
    const asked = buildMatrix({ b: [0, 1, Number.NaN, 0.5], a: [1, 1.5, -3, Number.NaN] });
    expect(listOutsideRange(ranges, asked)).toEqual([
      { name: 'a', min: 0, max: 1, value: 1.5, row: 1, rows: 2 },
    ]);
  });
});
