/** How a file is shown, by its name alone: what a file claims of itself is not believed. */
export type FileKind = 'text' | 'json' | 'table' | 'image' | 'markup' | 'binary';

const extensions: Readonly<Record<FileKind, readonly string[]>> = {
  text: [
    'txt log md py r sh yaml yml toml ini cfg conf xml sql js ts css diff patch rst tex env lock',
  ].flatMap((list) => list.split(' ')),
  json: ['json', 'geojson', 'ipynb'],
  table: ['csv', 'tsv'],
  image: ['png', 'jpg', 'jpeg', 'gif', 'webp', 'bmp'],
  // May hold scripts: shown as source, or in a frame that runs none.
  markup: ['html', 'htm', 'svg'],
  binary: [],
};

const names: readonly string[] = ['MLmodel', 'Dockerfile', 'Makefile', 'LICENSE', 'README'];

export function toFileKind(path: string): FileKind {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (names.includes(name)) return 'text';
  const dot = name.lastIndexOf('.');
  const extension = dot < 0 ? '' : name.slice(dot + 1).toLowerCase();
  const kinds = Object.keys(extensions) as FileKind[];
  return kinds.find((kind) => extensions[kind].includes(extension)) ?? 'binary';
}

export interface Table {
  readonly names: readonly string[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

export const mostTableRows = 500;

/** Cells under the names of their columns; a name that comes twice keeps its place as a number. */
export function toTable(header: readonly unknown[], rows: readonly (readonly unknown[])[]): Table {
  const names = header.map((name, index) => {
    const text = String(name);
    return text === '' || header.indexOf(name) !== index ? `${text} (${index + 1})` : text;
  });
  return {
    names,
    rows: rows
      .slice(0, mostTableRows)
      .map((row) => Object.fromEntries(names.map((name, index) => [name, row[index] ?? null]))),
  };
}

/** `mlflow.log_table` and evaluations write `{columns, data}`: a table, though it is JSON. */
export function findJsonTable(value: unknown): Table | null {
  if (typeof value !== 'object' || value === null) return null;
  const { columns, data } = value as { columns?: unknown; data?: unknown };
  const isTable = Array.isArray(columns) && Array.isArray(data) && data.every(Array.isArray);
  return isTable ? toTable(columns, data) : null;
}
