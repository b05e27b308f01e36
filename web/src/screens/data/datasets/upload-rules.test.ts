import { expect, it } from 'vitest';
import { toDatasetName, toFormat } from './upload-rules.ts';

it.each([
  ['prices.csv', 'csv'],
  ['Prices.CSV', 'csv'],
  ['flights.parquet', 'parquet'],
  ['rows.jsonl', 'ndjson'],
  ['archive.zip', undefined],
  ['csv', 'csv'],
  ['prices.tsv', 'tsv'],
  ['prices.csv.gz', 'csv'],
  ['rows.ndjson.ZST', 'ndjson'],
])('reads the format of %s', (name, format) => expect(toFormat(name)).toBe(format));

it.each([
  ['Flights (3M).parquet', 'flights-3m'],
  ['seattle-weather.csv', 'seattle-weather'],
  ['Zürich Höhe.json', 'zurich-hohe'],
  ['../../etc/passwd', 'passwd'],
  ['売上.csv', ''],
  [`${'x'.repeat(300)}.csv`, 'x'.repeat(128)],
])('makes a name of %s', (file, name) => expect(toDatasetName(file)).toBe(name));
