import type { DatasetVersion, Download, FileExtension, ReadFormat } from '@tidemill/contract';
import type { TableSource } from '../../adapters/analytics/analytics.ts';
import type { Caller } from '../../base/caller.ts';
import { type Exports, exportTag, type Selection } from './exports.ts';
import { extensionOf, formatAccepted, formatOfExtension, mediaTypeOf } from './read-format.ts';
import { assertColumns, splitNames } from './rules.ts';

interface SelectionInput extends Omit<Selection, 'columns'> {
  readonly name: string;
  readonly version: string;
  readonly columns?: string | undefined;
}

export interface ReadInput extends SelectionInput {
  readonly format?: ReadFormat | undefined;
  readonly accept?: string | undefined;
}

export interface ReadFileInput extends SelectionInput {
  readonly extension: FileExtension;
}

export interface DownloadsDependencies {
  readonly exports: Exports;
  readonly getVersion: (name: string, version: string, workspace: string) => Promise<DatasetVersion>;
  readonly source: (version: DatasetVersion) => Promise<TableSource>;
}

/** A version's rows as a file that any HTTP client reads, whole or in part. */
export function createDownloads({ exports, getVersion, source }: DownloadsDependencies) {
  async function read(input: ReadInput, caller: Caller, signal?: AbortSignal): Promise<Download> {
    const version = await getVersion(input.name, input.version, caller.workspace);
    const format = input.format ?? formatAccepted(input.accept);
    const columns = input.columns === undefined ? undefined : splitNames(input.columns);
    if (columns) assertColumns(version.reference, version.columns, columns);
    const { where, limit, offset } = input;
    const request = { digest: version.digest, format, columns, where, limit, offset };
    const open = () => exports.open(request, () => source(version), signal);
    const etag = exportTag(request);
    return {
      content: contentOf(open),
      open,
      mediaType: mediaTypeOf(format),
      fileName: `${version.dataset}-${version.version}.${extensionOf(format)}`,
      ...(etag !== undefined && { etag }),
    };
  }

  return {
    read,
    readFile: ({ extension, ...input }: ReadFileInput, caller: Caller, signal?: AbortSignal) =>
      read({ ...input, format: formatOfExtension(extension) }, caller, signal),
  };
}

/** Made when the first byte is asked for: a reply of "not modified" costs nothing. */
async function* contentOf(open: () => Promise<Pick<Download, 'content'>>): AsyncGenerator<Uint8Array> {
  yield* (await open()).content;
}
