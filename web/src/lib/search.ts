/** What a screen keeps in its address, so that a link shows the same thing to whoever opens it. */
export interface ScreenSearch {
  /** Text filter of the table. */
  readonly q?: string;
  /** `column` ascending or `-column` descending. */
  readonly sort?: string;
  /** Columns shown where they differ from the default: `+id` shown, `-id` hidden, comma-separated. */
  readonly columns?: string;
  readonly tab?: string;
  readonly from?: string;
  readonly to?: string;
  readonly key?: string;
  readonly metric?: string;
  readonly uri?: string;
  readonly endpoint?: string;
  readonly state?: string;
  /** In MLflow's grammar, answered by the server. */
  readonly filter?: string;
  /** Runs to compare, comma-separated. */
  readonly ids?: string;
  /** What a curve is drawn over. */
  readonly axis?: string;
  /** Weight of a curve's smoothing, 0 to 0.99. */
  readonly smooth?: string;
  readonly log?: string;
  readonly path?: string;
  /** Runs that are nobody's children. */
  readonly top?: string;
  /** Columns of a user's table, each encoded, comma-separated. */
  readonly show?: string;
  /** The row of a user's table that is shown first, counted from 1. */
  readonly row?: string;
  /** A statement over datasets. */
  readonly sql?: string;
  /** The column of a user's table whose details are open. */
  readonly column?: string;
  readonly actor?: string;
  readonly action?: string;
  /** Where the login leads. */
  readonly next?: string;
}

const known = [
  'next',
  'q',
  'sort',
  'columns',
  'tab',
  'from',
  'to',
  'key',
  'metric',
  'uri',
  'endpoint',
  'state',
  'filter',
  'ids',
  'axis',
  'smooth',
  'log',
  'path',
  'top',
  'show',
  'row',
  'sql',
  'column',
  'actor',
  'action',
] as const satisfies readonly (keyof ScreenSearch)[];

/** Keeps what we know; anything else in an address is dropped, not an error. */
export function toScreenSearch(raw: Readonly<Record<string, unknown>>): ScreenSearch {
  const entries = known.flatMap((name) => {
    const value = raw[name];
    return value === undefined || value === null || value === '' ? [] : [[name, String(value)]];
  });
  return Object.fromEntries(entries) as ScreenSearch;
}

/** Plain `?q=a&sort=-b`: the router's own form would quote every number. */
export const parseSearch = (text: string): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(text));

export function stringifySearch(search: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams(toScreenSearch(search) as Record<string, string>);
  const text = query.toString();
  return text ? `?${text}` : '';
}

export interface Sort {
  readonly id: string;
  readonly desc: boolean;
}

export function parseSort(text: string | undefined): Sort | null {
  if (!text || text === '-') return null;
  return text.startsWith('-') ? { id: text.slice(1), desc: true } : { id: text, desc: false };
}

export const formatSort = (sort: Sort | undefined): string | undefined =>
  sort && (sort.desc ? `-${sort.id}` : sort.id);

/** Which columns are shown: the defaults, changed by what the address says. */
export function parseVisibility(
  text: string | undefined,
  columns: readonly { readonly id: string; readonly hidden?: boolean }[],
): Record<string, boolean> {
  const shown = Object.fromEntries(columns.map((column) => [column.id, !column.hidden]));
  for (const change of (text ?? '').split(',')) {
    const id = change.slice(1);
    if (id in shown) shown[id] = change.startsWith('+');
  }
  return shown;
}

/** The inverse of `parseVisibility`: only what differs from the defaults is written. */
export function formatVisibility(
  shown: Readonly<Record<string, boolean>>,
  columns: readonly { readonly id: string; readonly hidden?: boolean }[],
): string | undefined {
  const changes = columns
    .filter((column) => (shown[column.id] ?? true) === Boolean(column.hidden))
    .map((column) => `${column.hidden ? '+' : '-'}${column.id}`);
  return changes.length > 0 ? changes.join(',') : undefined;
}
