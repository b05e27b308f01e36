/** Pickles of a model, looked through in a thread of its own. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { openFilePart } from './byte-source.ts';
import { type PickleScan, scanPickle } from './pickle-scan.ts';
import { findZipPickles } from './zip-pickles.ts';

export interface PickleFile {
  /** Within the model folder. */
  readonly path: string;
  readonly local: string;
}

export interface ScannedPickle extends PickleScan {
  /** Within the model folder; `model.pth:archive/data.pkl` for one within a zip file. */
  readonly path: string;
}

export const scanPickles = (files: readonly PickleFile[]): ScannedPickle[] => files.flatMap(scanFile);

function scanFile({ path, local }: PickleFile): ScannedPickle[] {
  const descriptor = openSync(local, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const head = Buffer.alloc(4);
    readSync(descriptor, head, 0, 4, 0);
    if (head.readUInt32LE(0) === 0x04034b50) return scanZip(descriptor, path, size);
    // zlib, gzip, xz, lzma, bzip2 and zstd, as joblib packs.
    const packed = /^(?:78[0159d].|1f8b|fd37|5d00|425a|28b5)/.test(head.toString('hex'));
    if (packed) return [{ path, imports: [], stoppedBy: 'it is compressed' }];
    return [{ path, ...scanPickle(openFilePart(descriptor, 0, size)) }];
  } finally {
    closeSync(descriptor);
  }
}

function scanZip(descriptor: number, path: string, size: number): ScannedPickle[] {
  const found = findZipPickles(descriptor, size);
  if (!found) return [{ path, imports: [], stoppedBy: 'the directory of the zip file cannot be read' }];
  return [
    ...found.pickles.map(({ name, start, end }) => ({
      path: `${path}:${name}`,
      ...scanPickle(openFilePart(descriptor, start, end)),
    })),
    ...found.unread.map((name) => ({ path: `${path}:${name}`, imports: [], stoppedBy: 'it is compressed' })),
  ];
}
