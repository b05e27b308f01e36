import { expect, test } from 'vitest';
import { emptyFields, toDefinition } from './source-form.ts';

test('only what was filled in is sent, without blanks around it', () => {
  const http = { ...emptyFields, name: ' prices ', place: ' https://example.org/p.csv ' };
  expect(toDefinition(http)).toEqual({
    name: 'prices',
    from: { kind: 'http', url: 'https://example.org/p.csv' },
  });
  const secrets = { url: 'postgres://u:p@h/db', other: '' };
  expect(
    toDefinition({
      ...emptyFields,
      ...{ name: 'orders', kind: 'postgres', place: 'select 1', secrets },
      ...{ dataset: 'o', cursor: 'at', key: 'id', cron: '0 6 * * *', timeZone: 'UTC', mapping: 'a=b' },
    }),
  ).toEqual({
    ...{ name: 'orders', dataset: 'o', key: 'id', mapping: 'a=b', cursor: { column: 'at' } },
    from: { kind: 'postgres', query: 'select 1' },
    schedule: { cron: '0 6 * * *', timeZone: 'UTC' },
    secrets: { url: 'postgres://u:p@h/db' },
  });
  const s3 = { ...emptyFields, name: 's', kind: 's3', place: 's3://b/k', endpoint: 'http://e' } as const;
  expect(toDefinition(s3).from).toEqual({ kind: 's3', url: 's3://b/k', endpoint: 'http://e' });
});
