import type { OnlineValues } from './online.ts';

/**
 * Rows that were read of late, in two generations: when the young one is full it becomes the old one, and what was in the old
 * one and not asked for since is forgotten. Whoever writes a row forgets it here before the write is acknowledged.
 */
export function createHotRows(room: number) {
  /** A list of events takes the room of many rows. */
  const weightOf = ({ values }: OnlineValues): number => 1 + Math.floor(values.length / 1_000);
  let weight = 0;
  let young = new Map<string, OnlineValues>();
  let old = new Map<string, OnlineValues>();
  const nameOf = (view: number, key: string): string => `${view} ${key}`;

  function keep(name: string, row: OnlineValues): void {
    if (weight >= room / 2) {
      old = young;
      young = new Map();
      weight = 0;
    }
    young.set(name, row);
    weight += weightOf(row);
  }

  return {
    find(view: number, key: string): OnlineValues | undefined {
      const name = nameOf(view, key);
      const found = young.get(name);
      if (found) return found;
      const aged = old.get(name);
      if (aged) keep(name, aged);
      return aged;
    },
    keep: (view: number, key: string, row: OnlineValues): void => keep(nameOf(view, key), row),
    forget(view: number, rows: readonly { readonly key: string }[]): void {
      for (const { key } of rows) {
        const name = nameOf(view, key);
        young.delete(name);
        old.delete(name);
      }
    },
    clear(): void {
      young = new Map();
      old = new Map();
      weight = 0;
    },
  };
}
