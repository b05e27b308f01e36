import { expect, it } from 'vitest';
import { findDatasetUri } from './source-reference.ts';

it('finds our version in what a client wrote as its source', () => {
  const found = [
    '{"url": "http://127.0.0.1:4600/api/v1/datasets/prices/versions/3/file?format=parquet"}',
    '{"uri": "dataset:prices@2023-08"}',
    'dataset:prices@3',
    '{"url": "https://example.com/prices.csv"}',
    '',
  ].map(findDatasetUri);
  expect(found).toEqual(['dataset:prices@3', 'dataset:prices@2023-08', 'dataset:prices@3', null, null]);
});
