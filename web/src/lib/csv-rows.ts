/** RFC 4180 from its start, as far as `mostRows`; what is broken is read as it stands, for a look and no more. */
export function parseCsvRows(text: string, separator: string, mostRows: number): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let isQuoted = false;
  const endCell = () => {
    row.push(cell);
    cell = '';
  };
  for (let index = 0; index < text.length && rows.length < mostRows; index++) {
    const letter = text[index];
    if (isQuoted) {
      if (letter !== '"') cell += letter;
      else if (text[index + 1] === '"') {
        cell += '"';
        index++;
      } else isQuoted = false;
    } else if (letter === '"' && cell === '') isQuoted = true;
    else if (letter === separator) endCell();
    else if (letter === '\n') {
      endCell();
      rows.push(row);
      row = [];
    } else if (letter !== '\r') cell += letter;
  }
  if (rows.length < mostRows && (cell !== '' || row.length > 0)) {
    endCell();
    rows.push(row);
  }
  return rows;
}
