import { posix } from 'node:path';

const mediaTypes: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  gif: 'image/gif',
  htm: 'text/html',
  html: 'text/html',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  json: 'application/json',
  log: 'text/plain',
  md: 'text/markdown',
  parquet: 'application/vnd.apache.parquet',
  pdf: 'application/pdf',
  png: 'image/png',
  py: 'text/plain',
  svg: 'image/svg+xml',
  txt: 'text/plain',
  webp: 'image/webp',
  yaml: 'application/yaml',
  yml: 'application/yaml',
};

/** By the file's name alone: what an uploader claims is never sent on to a browser. */
export function toMediaType(path: string): string {
  const name = posix.basename(path);
  if (name === 'MLmodel') return 'application/yaml';
  const extension = posix.extname(name).slice(1).toLowerCase();
  return Object.hasOwn(mediaTypes, extension) ? (mediaTypes[extension] ?? binary) : binary;
}

const binary = 'application/octet-stream';
