import { expect, test } from 'vitest';
import { findNamedVersion } from './dataset-source.ts';

const own = '127.0.0.1:4600';
const address = (host: string, rest = 'prices/versions/3/data?format=parquet') =>
  `http://${host}/api/v1/datasets/${rest}`;

test.each([
  ['prices@3', '3'],
  ['dataset:prices@3', '3'],
  ['dataset:prices@latest', 'latest'],
  ['prices@gold', 'gold'],
  ['{"uri": "prices@3"}', '3'],
  [`{"url": "${address(own)}"}`, '3'],
  [`{"url": "${address('localhost:4600')}"}`, '3'],
  [`{"url": "${address('[::1]:4600', 'prices/versions/latest/data')}", "x": 1}`, 'latest'],
  [address(own, 'prices/versions/7'), '7'],
  [address(own, 'prices/versions/7/data.parquet?columns=close'), '7'],
  [address(own, 'prices/versions/7.parquet'), '7'],
  [address(own, 'prices/versions/latest.csv?columns=close'), 'latest'],
  [address(own, 'prices/versions/2023.08'), '2023.08'],
  [address(own, 'prices/versions/2023.08.feather'), '2023.08'],
  [`http://${own}/behind/api/v1/datasets/prices/versions/g%6Fld/data`, 'gold'],
])('%s is a version of ours', (source, version) => {
  expect(findNamedVersion(source, own)).toEqual({ name: 'prices', version });
});

test.each([
  [address('evil.example:4600')],
  [address('127.0.0.1:9999')],
  [address('127.0.0.1.evil.example:4600')],
  [`{"url": "http://user@evil.example/?x=${own}/api/v1/datasets/prices/versions/3"}`],
  [address(own, '../../prices/versions/3')],
  [address(own, '%2e%2e%2fprices/versions/3')],
  [address(own, 'prices/versions/%E0%A4%A/data')],
  [address(own, 'prices')],
  ['file:///etc/prices@3'],
  ['s3://bucket/prices@3'],
  ['prices'],
  ['Prices@3'],
  ['{"uri": 3}'],
  ['{"uri": '],
  ['{"tags": {"mlflow.user": "x"}}'],
  [''],
])('%s is not', (source) => {
  expect(findNamedVersion(source, own)).toBeNull();
});

test('without a host of our own no address is ours', () => {
  expect(findNamedVersion(address(own), undefined)).toBeNull();
  expect(findNamedVersion(address('tidemill.corp'), 'Tidemill.corp')).toEqual({
    name: 'prices',
    version: '3',
  });
});
