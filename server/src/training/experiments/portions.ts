/** Databases limit the parameters of one statement (SQLite to 32,766). */
const portionSize = 1_000;

/** Asks for a long list in portions and joins the answers. */
export async function inPortions<T, R>(
  list: readonly T[],
  ask: (portion: readonly T[]) => Promise<readonly R[]>,
): Promise<R[]> {
  const answers: R[] = [];
  for (let start = 0; start < list.length; start += portionSize) {
    for (const answer of await ask(list.slice(start, start + portionSize))) answers.push(answer);
  }
  return answers;
}

/** What belongs to each run, in the order of the rows. */
export function groupByRun<R extends { run_id: string }, T>(
  rows: readonly R[],
  to: (row: R) => T,
): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(row.run_id);
    if (group) group.push(to(row));
    else groups.set(row.run_id, [to(row)]);
  }
  return groups;
}
