import { Link } from '@tanstack/react-router';
import type { Overview } from '@tidemill/sdk';
import { formatCount } from '../../../lib/format.ts';
import classes from './Overview.module.css';

type Counts = Overview['counts'];

const steps = [
  { count: 'datasetVersions', title: 'data versions', to: '/datasets' },
  { count: 'runs', title: 'runs', to: '/experiments' },
  { count: 'modelVersions', title: 'model versions', to: '/models' },
  { count: 'endpoints', title: 'endpoints', to: '/endpoints' },
  { count: 'predictions', title: 'predictions', to: '/endpoints' },
  { count: 'outcomes', title: 'outcomes', to: '/endpoints' },
  { count: 'openAlerts', title: 'open alerts', to: '/alerts' },
  { count: 'loopRuns', title: 'loop runs', to: '/loop-runs' },
] as const satisfies readonly { count: keyof Counts; title: string; to: string }[];

/** The life of a model as one row, each step leading to the next and the last back to the first. */
export function LoopRow({ counts }: { readonly counts: Counts }) {
  return (
    <ol className={classes.loop} aria-label="The loop">
      {steps.map(({ count, title, to }) => (
        <li key={count} className={classes.step}>
          <Link to={to} className={classes.count}>
            <span
              className={classes.value}
              data-testid={`count-${count}`}
              data-loud={count === 'openAlerts' && counts.openAlerts > 0}
            >
              {formatCount(counts[count])}
            </span>
            <span className={classes.name}>{title}</span>
            {count === 'predictions' && counts.fallbacks > 0 && (
              <span className={classes.note}>
                <span data-testid="count-fallbacks">{formatCount(counts.fallbacks)}</span> by the rule
              </span>
            )}
          </Link>
        </li>
      ))}
    </ol>
  );
}
