/** CSV as pandas writes and reads it: a header, quoted fields, and words for what is missing. */
import type { Row } from '@tidemill/contract';
import { errors } from '../../../base/errors.ts';

const missing = new Set([
  ...['', '#N/A', '#N/A N/A', '#NA', '-1.#IND', '-1.#QNAN', '-NaN', '-nan', '1.#IND', '1.#QNAN'],
  ...['<NA>', 'N/A', 'NA', 'NULL', 'NaN', 'None', 'n/a', 'nan', 'null'],
]);

/** One object a row; every value is text, or null where it is missing. @throws scoringInputInvalid */
export function parseCsv(text: string): Row[] {
  const [header, ...rows] = splitCsv(text.replace(/^\uFEFF/, ''));
  if (!header) throw errors.scoringInputInvalid({ reason: 'the CSV has no header' });
  const repeated = repeatedOf(header.filter((name) => name !== ''));
  if (repeated !== undefined)
    throw errors.scoringInputInvalid({ reason: `the CSV has the column '${repeated}' twice` });
  // A whole table has a comma or a line end for each cell: rows that are short would make many cells out of few bytes.
  if (rows.length * header.length > text.length + 1)
    throw errors.scoringInputInvalid({
      reason: `rows of the CSV are shorter than its header of ${header.length} columns`,
    });
  return rows.map((cells, at) => {
    if (cells.length > header.length) {
      const reason = `row ${at} of the CSV has ${cells.length} values for ${header.length} columns`;
      throw errors.scoringInputInvalid({ reason });
    }
    return Object.fromEntries(
      header.flatMap((name, i) =>
        name === '' ? [] : [[name, missing.has(cells[i] ?? '') ? null : cells[i]]],
      ),
    );
  });
}

/** The first name that has been there before. */
export function repeatedOf(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
}

/** Fields of each line that is not empty; a quoted field may hold commas, line ends and doubled quotes. */
function splitCsv(text: string): string[][] {
  const lines: string[][] = [];
  let line: string[] = [];
  const field = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r?\n|\r|$)/y;
  while (field.lastIndex < text.length) {
    const at = field.lastIndex;
    const found = field.exec(text);
    if (!found) {
      const reason = `the CSV cannot be read at character ${at}: a quote stands alone or has text behind it`;
      throw errors.scoringInputInvalid({ reason });
    }
    const [, quoted, plain = '', end] = found;
    line.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    const isLast = end === ',' && field.lastIndex === text.length;
    if (isLast) line.push('');
    if (end === ',' && !isLast) continue;
    if (line.length > 1 || line[0] !== '') lines.push(line);
    line = [];
  }
  return lines;
}
