import classes from './HeatMap.module.css';

interface HeatMapProps {
  readonly label: string;
  readonly columns: readonly string[];
  /** `values[i][j]` from -1 to 1, of `columns[i]` and `columns[j]`; null where nothing is defined. */
  readonly values: readonly (readonly (number | null)[])[];
}

/** Beyond that many columns a cell is too small for its figure. */
const mostWritten = 14;

/** How columns hang together: a table whose cells are coloured by strength and by sign, each with its figure. */
export function HeatMap({ label, columns, values }: HeatMapProps) {
  const isWritten = columns.length <= mostWritten;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard
    <section className={classes.scroller} aria-label={`${label}, scrollable`} tabIndex={0}>
      <table className={classes.map} aria-label={label} data-small={!isWritten || undefined}>
        <thead>
          <tr>
            <td />
            {columns.map((column) => (
              <th key={column} scope="col" title={column}>
                <span>{column}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {columns.map((row, i) => (
            <tr key={row}>
              <th scope="row" title={row}>
                {row}
              </th>
              {columns.map((column, j) => (
                <Cell
                  key={column}
                  value={values[i]?.[j] ?? null}
                  what={`${row}, ${column}`}
                  isWritten={isWritten}
                />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface CellProps {
  readonly value: number | null;
  readonly what: string;
  readonly isWritten: boolean;
}

function Cell({ value, what, isWritten }: CellProps) {
  if (value === null) return <td title={`${what}: not defined`} />;
  const strength = Math.min(1, Math.abs(value));
  const color = value < 0 ? 'var(--series-2)' : 'var(--accent)';
  const text = value
    .toFixed(2)
    .replace(/^-0\.00$/, '0.00')
    .replace('-', '−');
  return (
    <td
      title={`${what}: ${text}`}
      data-strong={strength > 0.6 || undefined}
      style={{ background: `color-mix(in srgb, ${color} ${Math.round(strength * 100)}%, transparent)` }}
    >
      <span className={isWritten ? undefined : classes.hidden}>{text}</span>
    </td>
  );
}
