import type { Interaction } from '@tidemill/sdk';
import { Density } from '../../../components/Density.tsx';
import { InView } from '../../../components/InView.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { formatNumber } from '../../../lib/format.ts';
import classes from './Profiling.module.css';

/** Where the rows of the pairs that hang together most lie. */
export function InteractionsPanel({ interactions }: { readonly interactions: readonly Interaction[] }) {
  return (
    <Panel title="Interactions" aside="the darker, the more rows (logarithmic)">
      <div className={classes.multiples}>
        {interactions.map((interaction) => (
          <Pair key={JSON.stringify([interaction.x, interaction.y])} interaction={interaction} />
        ))}
      </div>
    </Panel>
  );
}

function Pair({ interaction }: { readonly interaction: Interaction }) {
  const { x, y, xEdges, yEdges } = interaction;
  return (
    <figure>
      <figcaption title={y}>
        ↑ {y}, {span(yEdges)}
      </figcaption>
      <InView height={170}>
        <Density {...interaction} />
      </InView>
      <figcaption title={x}>
        → {x}, {span(xEdges)}
      </figcaption>
    </figure>
  );
}

const span = (edges: readonly number[]): string =>
  `${formatNumber(edges[0])} to ${formatNumber(edges.at(-1))}`;
