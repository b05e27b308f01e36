/**
 * Blobs: bytes under the SHA-256 of themselves. What is stored never changes, so writing again is a repetition
 * and any copy may be cached for ever.
 */
import type { Readable } from 'node:stream';
import { errors } from '../../base/errors.ts';

export interface StoredBlob {
  /** 64 lower-case hex digits. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

export interface BlobPart {
  /** From 1. */
  readonly number: number;
  readonly sha256: string;
}

/** Content that comes in parts, in any order and over many requests. Parts survive a restart. */
export interface BlobParts {
  /** `upload`: 32 lower-case hex digits that nobody can guess. */
  open(upload: string): Promise<void>;
  /** All or nothing. The same number again with other bytes is another part; `join` says which is meant. @throws uploadNotFound */
  put(upload: string, number: number, content: AsyncIterable<Uint8Array>): Promise<StoredBlob>;
  /** One blob of the parts, one after another; they stay. @throws uploadPartMissing */
  join(upload: string, parts: readonly BlobPart[]): Promise<StoredBlob>;
  /** Nothing happens when it is missing. */
  drop(upload: string): Promise<void>;
  /** Drops what got no part for so long. */
  dropOlder(milliseconds: number): Promise<void>;
}

/** Every method refuses an id that is no SHA-256 (`blobIdInvalid`). Missing: `blobNotFound`, unless said otherwise. */
export interface Blobs {
  /** All or nothing: a source that fails leaves no blob. Storing what is there refreshes (and mends) it. */
  put(content: Uint8Array | AsyncIterable<Uint8Array>): Promise<StoredBlob>;
  /** Like `put`; `move` gives the file away: it is gone afterwards, and nothing was copied if it lay on the same disk. */
  putFile(path: string, options?: { readonly move?: boolean }): Promise<StoredBlob>;
  /** The caller reads the stream to its end or destroys it. A `part` goes from its first to its last byte. */
  get(sha256: string, part?: { readonly first: number; readonly last: number }): Promise<Readable>;
  /** The whole content in memory: for small blobs. */
  read(sha256: string): Promise<Uint8Array>;
  /** Null when missing. `storedAt` is the last `put`, in epoch milliseconds. */
  stat(sha256: string): Promise<{ readonly size: number; readonly storedAt: number } | null>;
  /** A file for readers that want one (DuckDB, ONNX). Never write to it; it lives as long as the blob. */
  localPath(sha256: string): Promise<string>;
  /** Reads everything; false when the bytes are no longer those the id names. */
  verify(sha256: string): Promise<boolean>;
  /** Nothing happens when it is missing. */
  delete(sha256: string): Promise<void>;
  /** As new as if just stored: said before a blob of somebody else's is named, so that no cleaning takes it meanwhile. */
  keep(sha256s: readonly string[]): Promise<void>;
  /** Deletes it, if it was neither stored nor kept for so long. Gives back its size, or null when it stays or is missing. */
  deleteOlder(sha256: string, milliseconds: number): Promise<number | null>;
  readonly parts: BlobParts;
  /** Every id, or those behind `after`, in ascending order. What is put or deleted meanwhile may or may not appear. */
  list(after?: string): AsyncIterable<string>;
}

const pattern = /^[0-9a-f]{64}$/;

export function isBlobId(text: string): boolean {
  return pattern.test(text);
}

/** Ids come from requests too: none of them may walk out of the store. */
export function assertBlobId(text: string): void {
  if (!isBlobId(text)) throw errors.blobIdInvalid({ id: text.slice(0, 100) });
}
