// Held against the functions of MLflow's own scoring server, where its environment is there.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Row } from '@tidemill/contract';
import { expect, test } from 'vitest';
import { readScoringCsv, readScoringJson, toRecords } from './scoring-input.ts';

const python = process.env.TIDEMILL_TEST_PYTHON ?? '';

const signature = [
  { name: 'a', type: 'double' },
  { name: 'b', type: 'long' },
  { name: 'on', type: 'boolean' },
  { name: 'c', type: 'string', required: false },
];
const row = { a: 1.5, b: 2, on: true, c: 'x' };
const bodies: (object | string)[] = [
  { dataframe_records: [row, { ...row, c: null }] },
  { dataframe_records: [{ c: 'é "q"', on: false, b: 3, a: 1e10, more: 1 }] },
  { dataframe_records: [{ a: '2.5', b: 1, on: true }] },
  {
    dataframe_split: {
      columns: ['on', 'c', 'a', 'b'],
      data: [
        [true, 'x', 1, 2],
        [false, 'y', -3, 4],
      ],
    },
  },
  {
    dataframe_split: {
      index: [4],
      columns: ['a', 'b', 'on', 'c', 'z'],
      data: [[1, 2, true, 'x', 'dropped']],
    },
  },
  { instances: [row, row] },
  { instances: { a: [1, 2], b: [3, 4], on: [true, false], c: ['x', 'y'] } },
  { inputs: { a: [1, 2], b: [3, 4], on: [true, false], c: ['x', 'y'] } },
  { inputs: { a: 1, b: 3, on: true, c: 'x' } },
  { inputs: [row] },
  'a,b,on,c\n1,2,True,"x, y"\n3.5,4,false,"say ""hi""\nthere"\n',
  ',c,on,b,a\n0,NA,TRUE,7,1e3\r\n1,,False,8,-0.5\r\n',
  '"a","b","on","c"\n"1","2","true","null"\n',
];

const script = `
import json, sys
from io import StringIO
from mlflow.types import ColSpec, Schema
from mlflow.models.utils import _enforce_schema
from mlflow.pyfunc.scoring_server import _split_data_and_params, infer_and_parse_data, parse_csv_input
columns, bodies = json.load(sys.stdin)
schema = Schema([ColSpec(c["type"], c["name"], required=c.get("required", True)) for c in columns])
said = []
for body in bodies:
    if isinstance(body, str):
        data = parse_csv_input(StringIO(body), schema)
    else:
        data = infer_and_parse_data(_split_data_and_params(json.dumps(body))[0], schema)
    said.append(json.loads(_enforce_schema(data, schema).to_json(orient="records", double_precision=15)))
print(json.dumps(said))
`;

const toOwn = (body: object | string): Row[] =>
  toRecords((typeof body === 'string' ? readScoringCsv(body) : readScoringJson(body)).data, signature).map(
    (record) => Object.fromEntries(signature.map(({ name }) => [name, record[name] ?? null])),
  );

test.skipIf(python === '')('every format is read as MLflow reads it', { timeout: 120_000 }, async () => {
  const asked = promisify(execFile)(python, ['-W', 'ignore', '-c', script], { maxBuffer: 1 << 24 });
  asked.child.stdin?.end(JSON.stringify([signature, bodies]));
  const theirs = JSON.parse((await asked).stdout.trim().split('\n').at(-1) ?? '') as Row[][];
  const filled = theirs.map((rows) => rows.map((each) => ({ c: null, ...each })));
  for (const [i, body] of bodies.entries()) expect([body, toOwn(body)]).toEqual([body, filled[i]]);
});
