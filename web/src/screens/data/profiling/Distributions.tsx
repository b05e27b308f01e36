import type { ColumnDrift } from '@tidemill/sdk';
import { BeforeAfter } from '../../../components/BeforeAfter.tsx';
import { InView } from '../../../components/InView.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { placeOf } from './column-text.ts';
import classes from './Profiling.module.css';

interface DistributionsProps {
  readonly columns: readonly ColumnDrift[];
  readonly before: string;
  readonly after: string;
}

/** Both sides of every column that has a scale, as small pictures of one size. */
export function Distributions({ columns, before, after }: DistributionsProps) {
  const drawn = columns.filter(({ bins }) => bins !== null && bins.after.length > 0);
  if (drawn.length === 0) return null;
  return (
    <Panel
      title="Distributions"
      aside={
        <>
          <span>
            <i className={classes.before} /> {before}
          </span>
          <span>
            <i className={classes.after} /> {after}
          </span>
        </>
      }
    >
      <div className={classes.changes}>
        {drawn.map((column) => (
          <Pair key={column.column} column={column} />
        ))}
      </div>
    </Panel>
  );
}

function Pair({ column }: { readonly column: ColumnDrift }) {
  if (!column.bins) return null;
  const { edges, categories, ...bins } = column.bins;
  const isTime = [column.typeBefore, column.typeAfter].some(
    (type) => type === 'date' || type === 'timestamp',
  );
  const place = placeOf({ kind: isTime ? 'datetime' : 'numeric' });
  const shown = categories ? toCommonest(categories, bins) : { ...bins, edges, categories: [] };
  const about = categories ? toAbout(shown.categories, categories.length) : toSpan(edges ?? [], place);
  return (
    <figure>
      <figcaption>
        <span title={column.column}>{column.column}</span>
        <span className="dim">{column.drift && column.drift !== 'none' ? `${column.drift} drift` : ''}</span>
      </figcaption>
      <InView height={70}>
        <BeforeAfter {...shown} format={place} label={column.column} width={240} height={64} />
      </InView>
      <p className={classes.scale} title={about}>
        {about}
      </p>
    </figure>
  );
}

const mostCategories = 20;

interface Sides {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** The commonest on either side; hundreds of bars would say nothing. */
function toCommonest(categories: readonly string[], { before, after }: Sides) {
  const weight = (index: number) => Math.max(before[index] ?? 0, after[index] ?? 0);
  const order = categories.map((_, index) => index).sort((a, b) => weight(b) - weight(a));
  const kept = order.slice(0, mostCategories);
  return {
    categories: kept.map((index) => categories[index] ?? ''),
    before: kept.map((index) => before[index] ?? 0),
    after: kept.map((index) => after[index] ?? 0),
    edges: undefined,
  };
}

function toAbout(shown: readonly string[], all: number): string {
  const rest = all - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}

const toSpan = (edges: readonly number[], place: (value: number | undefined) => string): string =>
  `${place(edges[0])} to ${place(edges.at(-1))}`;
