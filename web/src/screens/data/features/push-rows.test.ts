import type { FeatureView } from '@tidemill/sdk';
import { expect, it } from 'vitest';
import { toCommand } from '../../../lib/cli-commands.ts';
import { pushColumns, readRows, toPushedRow } from './push-rows.ts';

const columns = [
  { name: 'tenant', type: 'text' },
  { name: 'at', type: 'timestamp' },
  { name: 'known', type: 'timestamp' },
  { name: 'clicks', type: 'integer' },
] as const;

const view = {
  entity: ['tenant'],
  joinKeys: [],
  eventTime: 'at',
  createdTime: 'known',
  features: [{ name: 'clicks', type: 'integer' }],
  aggregations: [],
  stream: { dataset: 'clicks', columns },
} as unknown as FeatureView;

it('asks for keys and times first, each once, and says what may be left out', () => {
  const named = pushColumns(view).map(({ name, type, isRequired }) => `${name} ${type} ${isRequired}`);
  expect(named).toEqual([
    'tenant text true',
    'at timestamp true',
    'known timestamp false',
    'clicks integer false',
  ]);
  const windowed = { ...view, aggregations: [{}], features: [{ name: 'count_7d', type: 'integer' }] };
  expect(pushColumns(windowed as unknown as FeatureView).map(({ name }) => name)).toEqual(
    columns.map(({ name }) => name),
  );
  const inputs = [{ name: 'amount', type: 'double' }];
  const ofDataset = { ...windowed, stream: null, inputs } as unknown as FeatureView;
  expect(pushColumns(ofDataset).map(({ name }) => name)).toEqual(['tenant', 'at', 'known', 'amount']);
});

it('makes values of texts by their types, leaves empty fields out, and keeps what does not fit', () => {
  const row = toPushedRow(columns, {
    tenant: '007',
    at: ' 2024-01-01 ',
    known: ' ',
    clicks: '9007199254740993',
  });
  expect(row).toEqual({ tenant: '007', at: '2024-01-01', clicks: '9007199254740993' });
  expect(toPushedRow(columns, { clicks: 'many' })).toEqual({ clicks: 'many' });
});

it('reads a list, one object, or one a line, and names the line that is none', () => {
  expect(readRows('[{"a": 1}, {"a": 2}]')).toEqual([{ a: 1 }, { a: 2 }]);
  expect(readRows('{\n  "a": 1\n}')).toEqual([{ a: 1 }]);
  expect(readRows('{"a": 1}\n\n{"a": 2}\n')).toEqual([{ a: 1 }, { a: 2 }]);
  expect(readRows(' \n')).toEqual([]);
  expect(() => readRows('{"a": 1}\n\n{"a": }')).toThrow(/^Line 3: /);
  expect(() => readRows('[{"a": 1}, 5]')).toThrow('Row 2 is 5, not {"column": value}.');
});

it('is a command with its rows, or with a file of them', () => {
  const push = (rows: unknown[]) =>
    toCommand({
      queryKey: ['features', 'push', { name: 'clicks', version: '1', rows, to: 'offline', key: 'a b' }],
    });
  expect(push([{ a: "it's" }])).toBe(
    `tidemill features push clicks@1 - --to offline --key 'a b' <<'END'\n[{"a":"it's"}]\nEND`,
  );
  expect(push([{ a: 'x'.repeat(3000) }])).toBe(
    `tidemill features push clicks@1 rows.json --to offline --key 'a b'`,
  );
});
