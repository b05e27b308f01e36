import type { ProfileCorrelations, ProfileMatrix } from '@tidemill/sdk';
import { HeatMap } from '../../../components/HeatMap.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { formatCount } from '../../../lib/format.ts';

/** How strongly columns hang together, each measure as a map. */
export function CorrelationsPanel({ correlations }: { readonly correlations: ProfileCorrelations }) {
  const { spearman, cramersV, pearson, approximate, rows } = correlations;
  const note = approximate ? `approximate, of ${formatCount(rows)} rows` : undefined;
  const maps: readonly (readonly [string, ProfileMatrix | null])[] = [
    ['Spearman correlation', spearman],
    ["Cramér's V", cramersV],
    ['Pearson correlation', pearson],
  ];
  return (
    <div className="columns">
      {maps.map(
        ([title, matrix]) =>
          matrix && (
            <Panel key={title} title={title} aside={note}>
              <HeatMap label={title} {...matrix} />
            </Panel>
          ),
      )}
    </div>
  );
}
