import type { Int64Rows, RowWriter } from '../../adapters/analytics/analytics.ts';

/** What stands in an event's place for the number of an entity row. */
export const noRow = -1;

/** Columns of what is made, in order: number of an entity row, that of the first row that sees the same version, and the version. */
export const seenColumns = {
  r: 'integer',
  first: 'integer',
  k: 'integer',
  e: 'timestamp',
  c: 'timestamp',
} as const;

/**
 * One walk through a series of events and entity rows in the order of key and time, where an event stands at the time
 * from which it counts. Then what an entity row sees is the newest event before it in its last version: only one is
 * remembered, however many there are and however late they became known. Columns: key, number of the entity row or
 * `noRow`, event time, created time; an entity row has in the place of the event time the oldest that counts for it.
 */
export function seenVersions(): (rows: Int64Rows, seen: RowWriter) => void {
  const none = BigInt(noRow);
  let last = { key: none, event: 0n, created: 0n, first: none, isThere: false };

  return ({ count, columns }, seen) => {
    const [keys, numbers, times, createds] = columns;
    const [r, firsts, k, e, c] = seen.columns;
    if (!keys || !numbers || !times || !createds || !r || !firsts || !k || !e || !c) return;
    // Locals stay out of the heap: ten million numbers there would take seconds.
    let { key, event, created, first, isThere } = last;
    for (let i = 0; i < count; i += 1) {
      const [rowKey, number, time] = [keys[i] ?? 0n, numbers[i] ?? 0n, times[i] ?? 0n];
      if (rowKey !== key) isThere = false;
      key = rowKey;
      if (number === none) {
        const version = createds[i] ?? 0n;
        if (isThere && (time < event || (time === event && version <= created))) continue;
        event = time;
        created = version;
        first = none;
        isThere = true;
      } else if (isThere && event >= time) {
        if (first === none) first = number;
        const place = seen.next();
        r[place] = number;
        firsts[place] = first;
        k[place] = key;
        e[place] = event;
        c[place] = created;
      }
    }
    last = { key, event, created, first, isThere };
  };
}
