import { Tabs } from '@mantine/core';
import type { ReactNode } from 'react';
import { formatCount } from '../lib/format.ts';
import { useScreenSearch } from '../lib/url-state.ts';
import classes from './Detail.module.css';

export interface DetailTab {
  readonly id: string;
  readonly title: string;
  /** How much is behind the tab. */
  readonly count?: number;
  readonly render: () => ReactNode;
}

/** The tabs of a detail page; which one is open stands in the address. */
export function Detail({ tabs }: { readonly tabs: readonly DetailTab[] }) {
  const [search, change] = useScreenSearch();
  const open = tabs.find((tab) => tab.id === search.tab) ?? tabs[0];
  if (!open) return null;
  const show = (id: string | null) =>
    change({ tab: id ?? undefined, q: undefined, sort: undefined, columns: undefined });
  return (
    <Tabs value={open.id} onChange={show} keepMounted={false} classNames={classes}>
      <Tabs.List>
        {tabs.map((tab) => (
          <Tabs.Tab key={tab.id} value={tab.id}>
            {tab.title}
            {tab.count !== undefined && <span className={classes.count}>{formatCount(tab.count)}</span>}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value={open.id}>{open.render()}</Tabs.Panel>
    </Tabs>
  );
}

/** The row of facts under a detail page's header. */
export function Summary({ children }: { readonly children: ReactNode }) {
  return <dl className={classes.summary}>{children}</dl>;
}

interface FactProps {
  readonly name: string;
  /** A sentence rather than a value: a line of its own, cut when too long. */
  readonly wide?: boolean;
  readonly children: ReactNode;
}

export function Fact({ name, wide = false, children }: FactProps) {
  return (
    <div className={classes.fact} data-wide={wide}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
