import { formatDuration } from '../lib/format.ts';
import { LinkedText, ReferenceLink } from './ReferenceLink.tsx';
import { ToneMark, toneOf } from './StatusBadge.tsx';
import { Time } from './Time.tsx';
import classes from './Timeline.module.css';

export interface TimelineStep {
  readonly title: string;
  readonly state: string;
  readonly text: string;
  readonly at: number;
  readonly until?: number | null;
  readonly uri?: string | null;
  readonly actor?: string;
}

interface TimelineProps {
  readonly steps: readonly TimelineStep[];
  /** Uris of things the steps may call by their bare name. */
  readonly known?: readonly string[];
}

const isNamed = (text: string, uri: string) => text.includes(uri.slice(uri.indexOf(':') + 1));

/** What happened, in order; the last step is where it stands. */
export function Timeline({ steps, known = [] }: TimelineProps) {
  return (
    <ol className={classes.timeline}>
      {steps.map((step) => (
        <li key={`${step.at}-${step.title}-${step.text}`} className={classes.step}>
          <span className={classes.mark}>
            <ToneMark tone={toneOf(step.state)} />
          </span>
          <div className={classes.body}>
            <div className={classes.head}>
              <span className={classes.title}>{step.title.replace('-', ' ')}</span>
              <span className={classes.state}>{step.state}</span>
              <span className={classes.when}>
                {step.until ? (
                  <span className="number">{formatDuration(step.until - step.at)}</span>
                ) : (
                  <Time at={step.at} />
                )}
              </span>
            </div>
            <p className={classes.text}>
              <LinkedText known={[...known, step.uri ?? '']}>{step.text}</LinkedText>
              {step.uri && !isNamed(step.text, step.uri) && (
                <>
                  {' '}
                  <ReferenceLink to={step.uri} />
                </>
              )}
              {step.actor && <span className="dim"> · {step.actor}</span>}
            </p>
          </div>
        </li>
      ))}
    </ol>
  );
}
