/** Words that SQL keeps for itself, and that people call their columns: a parser names what comes after them at best. */

const words: ReadonlySet<string> = new Set(
  `all analyze any array asc at authorization both case cast check collation column columns constraint create cross
   default desc describe distinct end except fetch for foreign freeze full generated glob group grouping having inner
   interval left like limit map natural offset only order outer overlaps pivot positional primary references returning
   right row semi show similar some struct summarize symmetric table then to trailing treat trim union unique unpack
   using values verbose when where window`
    .split(/\s+/)
    .filter(Boolean),
);

/**
 * Where a parser stopped, the word of SQL that may have been meant for a column: the one there, or the one before.
 * `position` counts code points, as DuckDB does.
 */
export function wordMeantAsColumn(sql: string, position: number): string | null {
  const points = [...sql];
  const before = /([A-Za-z_]\w*)\s*$/.exec(points.slice(0, position).join(''))?.[1];
  const there = /^([A-Za-z_]\w*)/.exec(points.slice(position).join(''))?.[1];
  return [before, there].find((word) => word !== undefined && words.has(word.toLowerCase())) ?? null;
}

/** A name as a person writes it: in double quotes only where SQL needs them. */
export const writtenName = (name: string): string =>
  /^[a-z_]\w*$/.test(name) && !words.has(name) ? name : `"${name.replaceAll('"', '""')}"`;
