import { useQuery } from '@tanstack/react-query';
import type { Sweep } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { ask } from '../../../lib/client.ts';
import { formatShare } from '../../../lib/format.ts';
import classes from './Search.module.css';
import { isMoving } from './search-words.ts';

const pauseMs = 5000;

/** What matters most for being among the best tenth. */
export function SearchImportance({ sweep }: { readonly sweep: Sweep }) {
  const asked = ask('sweeps', 'importance', { id: sweep.id });
  const importance = useQuery({ ...asked, ...(isMoving(sweep) && { refetchInterval: pauseMs }) });
  return (
    <Panel title="Importance" aside={<SourceMenu asked={asked} />}>
      <Answer of={importance}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState>Too few trials are complete to tell.</EmptyState>
          ) : (
            <ul className={classes.bars} aria-label="importance">
              {items
                .toSorted((first, second) => second.share - first.share)
                .map(({ parameter, share }) => (
                  <li key={parameter}>
                    <span className={classes.name} title={parameter}>
                      {parameter}
                    </span>
                    <span className={classes.track}>
                      <span className={classes.bar} style={{ width: `${share * 100}%` }} />
                    </span>
                    <span className="number">{formatShare(Math.round(share * 1000) / 1000)}</span>
                  </li>
                ))}
            </ul>
          )
        }
      </Answer>
    </Panel>
  );
}
