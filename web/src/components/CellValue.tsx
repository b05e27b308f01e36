import classes from './CellValue.module.css';

const longestHover = 2000;

/** A value of the user's own table, exactly as it is; what is missing or empty is marked, so that neither looks like a text. */
export function CellValue({ value }: { readonly value: unknown }) {
  if (value === null || value === undefined) return <span className={classes.absent}>null</span>;
  if (value === '') return <span className={classes.absent}>empty</span>;
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return (
    <span className={classes.value} title={text.slice(0, longestHover)}>
      {text.length > longestHover ? `${text.slice(0, longestHover)}…` : text}
    </span>
  );
}
