import type { FileExtension, ReadFormat } from '@tidemill/contract';
import { mediaTypes as tableTypes } from './content-format.ts';

const mediaTypes: Readonly<Record<ReadFormat, string>> = {
  ...tableTypes,
  arrow: 'application/vnd.apache.arrow.file',
  'arrow-stream': 'application/vnd.apache.arrow.stream',
};

/** Other names that clients have for them. */
const synonyms: Readonly<Record<string, ReadFormat>> = {
  'application/x-parquet': 'parquet',
  'application/parquet': 'parquet',
  'application/jsonl': 'ndjson',
  'text/*': 'csv',
};

const extensions: Readonly<Record<ReadFormat, string>> = {
  parquet: 'parquet',
  arrow: 'arrow',
  'arrow-stream': 'arrows',
  csv: 'csv',
  tsv: 'tsv',
  json: 'json',
  ndjson: 'ndjson',
};

const byExtension: Readonly<Record<FileExtension, ReadFormat>> = {
  parquet: 'parquet',
  arrow: 'arrow',
  feather: 'arrow',
  arrows: 'arrow-stream',
  csv: 'csv',
  tsv: 'tsv',
  json: 'json',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
};

export const mediaTypeOf = (format: ReadFormat): string => mediaTypes[format];
export const extensionOf = (format: ReadFormat): string => extensions[format];
export const formatOfExtension = (extension: FileExtension): ReadFormat => byExtension[extension];

const byMediaType = new Map<string, ReadFormat>([
  ...Object.entries(mediaTypes).map(([format, type]) => [bare(type), format as ReadFormat] as const),
  ...Object.entries(synonyms),
]);

function bare(mediaType: string): string {
  return mediaType.split(';')[0]?.trim().toLowerCase() ?? '';
}

/** What an Accept header likes most among what we have; Parquet where it names nothing of it, as most clients do. */
export function formatAccepted(accept: string | undefined): ReadFormat {
  const wishes = (accept ?? '').split(',').flatMap((entry) => {
    const quality = Number(/;\s*q=([\d.]+)/i.exec(entry)?.[1] ?? 1);
    const format = bare(entry) === '*/*' ? 'parquet' : byMediaType.get(bare(entry));
    return format && quality > 0 ? [{ format, quality }] : [];
  });
  return wishes.sort((a, b) => b.quality - a.quality)[0]?.format ?? 'parquet';
}
