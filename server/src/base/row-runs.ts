/**
 * Rows that lie in pieces in several files: runs as triples (source, first row, rows) in one flat array, since a
 * table may need hundreds of thousands of them. As text, a run is a letter for its source and a count, with the
 * distance from where the last run of that source ended in front: `a97 b1 1a55` takes 97 rows of a, one of b, and
 * 55 more of a behind one that is left out.
 */
export type RowRuns = Int32Array;

/** Sources that have a letter. */
export const mostSources = 26;
const letterA = 97;
const token = /^(-?\d+)?([a-z])(\d+)$/;

export function* eachRun(runs: RowRuns): Generator<{ source: number; start: number; rows: number }> {
  for (let i = 0; i < runs.length; i += 3)
    yield { source: runs[i] ?? 0, start: runs[i + 1] ?? 0, rows: runs[i + 2] ?? 0 };
}

export function encodeRuns(runs: RowRuns): string {
  const ends: number[] = [];
  const tokens: string[] = [];
  for (const { source, start, rows } of eachRun(runs)) {
    const skip = start - (ends[source] ?? 0);
    tokens.push(`${skip === 0 ? '' : skip}${String.fromCharCode(letterA + source)}${rows}`);
    ends[source] = start + rows;
  }
  return tokens.join(' ');
}

export function decodeRuns(text: string): RowRuns {
  const ends: number[] = [];
  const runs: number[] = [];
  for (const part of text === '' ? [] : text.split(' ')) {
    const found = token.exec(part);
    if (!found) throw new Error(`'${part}' is no run of rows`);
    const source = (found[2] ?? 'a').charCodeAt(0) - letterA;
    const start = (ends[source] ?? 0) + Number(found[1] ?? 0);
    const rows = Number(found[3]);
    runs.push(source, start, rows);
    ends[source] = start + rows;
  }
  return Int32Array.from(runs);
}
