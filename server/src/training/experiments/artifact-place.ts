/** Where the artifacts of one run or logged model are. Both kinds take paths that have been judged. */
import type { Db } from '../../adapters/db/db.ts';
import type { ArtifactFile } from './rules.ts';

export interface ListedArtifact {
  /** Relative to its owner, also when a folder of it was listed. */
  readonly path: string;
  readonly directory: boolean;
  readonly size: number | null;
  readonly sha256: string | null;
}

export interface OpenArtifact {
  readonly size: number;
  readonly etag: string;
  readonly content: AsyncIterable<Uint8Array>;
  readonly slice: (first: number, last: number) => Promise<AsyncIterable<Uint8Array>>;
}

export interface ArtifactPlace {
  /** Null when there is no file. */
  open(path: string): Promise<OpenArtifact | null>;
  /** What lies directly in the folder: files, and folders without their content. */
  list(folder: string): Promise<ListedArtifact[]>;
  /** Every file below the folder, at any depth; '' is all of the owner's. */
  listPaths(folder: string): Promise<string[]>;
  /** The files of these paths that are there, as blobs: what changes in the place afterwards does not change them. */
  keep(paths: readonly string[]): Promise<ArtifactFile[]>;
  /** @throws artifactPathInvalid where a file cannot stand */
  assertFree(path: string): Promise<void>;
  /** Puts a file there whose content is a blob. */
  save(file: ArtifactFile): Promise<void>;
  /** A file, or a folder with all in it. Gives back how many files went. */
  delete(tx: Db, path: string): Promise<number>;
}
