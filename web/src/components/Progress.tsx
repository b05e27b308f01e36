import { formatShare } from '../lib/format.ts';
import classes from './Progress.module.css';

interface ProgressProps {
  readonly label: string;
  readonly done: number;
  readonly of: number;
}

/** How far something has come. */
export function Progress({ label, done, of }: ProgressProps) {
  const share = of > 0 ? Math.min(1, done / of) : 0;
  return (
    <div className={classes.progress}>
      <progress aria-label={label} value={share} max={1} />
      <span className="number dim">{formatShare(Math.floor(share * 100) / 100)}</span>
    </div>
  );
}
