import type { ProfileWarning } from '@tidemill/sdk';
import { StatusBadge, type Tone } from '../../../components/StatusBadge.tsx';
import { useScreenSearch } from '../../../lib/url-state.ts';
import classes from './Profiling.module.css';

const tones: Readonly<Record<ProfileWarning['severity'], Tone>> = {
  high: 'bad',
  medium: 'warn',
  low: 'idle',
};

interface WarningListProps {
  readonly warnings: readonly ProfileWarning[];
  /** Where no column can be opened. */
  readonly plain?: boolean;
}

/** What is wrong, what matters most first; a column in it opens its details. */
export function WarningList({ warnings, plain = false }: WarningListProps) {
  const [, change] = useScreenSearch();
  return (
    <ul className={classes.warnings} aria-label="warnings">
      {warnings.map((warning) => (
        <li key={`${warning.kind} ${warning.columns.join('\n')}`}>
          <StatusBadge state={warning.severity} tone={tones[warning.severity]} />
          <span className={classes.message}>{warning.message}</span>
          {!plain &&
            warning.columns.map((column) => (
              <button
                key={column}
                type="button"
                className={classes.open}
                title={`Show '${column}'`}
                onClick={() => change({ column, q: undefined })}
              >
                {column}
              </button>
            ))}
        </li>
      ))}
    </ul>
  );
}
