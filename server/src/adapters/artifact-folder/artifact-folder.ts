/** A folder of this machine that clients write into by themselves, and that the server reads with distrust. */

export interface FolderFile {
  readonly size: number;
  /** Changes when the file does. */
  readonly etag: string;
  /** Open already: to be read or destroyed. */
  readonly content: AsyncIterable<Uint8Array>;
}

export interface FolderEntry {
  readonly name: string;
  readonly directory: boolean;
  readonly size: number | null;
}

/**
 * Paths are relative to the folder, with slashes. Nothing outside it is read, written or removed: a path that leads
 * through a symbolic link is refused. @throws artifactPathInvalid
 */
export interface ArtifactFolder {
  /** `file:///mnt/artifacts` */
  readonly uri: string;
  /** Null when there is no regular file. */
  open(path: string, part?: { readonly first: number; readonly last: number }): Promise<FolderFile | null>;
  /** What lies directly in it, by name, without links and special files. Nothing where there is no folder. */
  list(path: string): Promise<FolderEntry[]>;
  /** Every file at any depth, with paths from there. @throws artifactPathInvalid for a link or a special file among them */
  walk(path: string): AsyncGenerator<string>;
  /** Whole or not at all; takes the place of the file that was there. */
  write(path: string, content: AsyncIterable<Uint8Array>): Promise<void>;
  /** A file, or a folder with all in it. Gives back how many files went. */
  remove(path: string): Promise<number>;
  /** Nothing happens to a folder that holds something or is not there. */
  removeEmpty(path: string): Promise<void>;
}
