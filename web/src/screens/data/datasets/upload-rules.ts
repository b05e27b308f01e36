import type { TableFormat } from '@tidemill/sdk';

const endings: Readonly<Record<string, TableFormat>> = {
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  txt: 'csv',
  parquet: 'parquet',
  pq: 'parquet',
  json: 'json',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
};

/** What a file's name says of its format; undefined for a name that says nothing. */
export const toFormat = (fileName: string): TableFormat | undefined =>
  endings[/(?:^|\.)([^.]*?)(?:\.(?:gz|zst))?$/i.exec(fileName)?.[1]?.toLowerCase() ?? ''];

const longestName = 128;

/** A dataset's name made of a file's: `Flights (3M).parquet` becomes `flights-3m`. */
export const toDatasetName = (fileName: string): string =>
  fileName
    .replace(/^.*[\\/]/, '')
    .replace(/\.[^.]*?(?:\.(?:gz|zst))?$/i, '')
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
    .slice(0, longestName);
