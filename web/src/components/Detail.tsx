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
  /** Tabs of one group stand in a row of their own, under its name. */
  readonly group?: string;
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
        {groupsOf(tabs).map(([group, own]) =>
          group === '' ? (
            own.map(toTab)
          ) : (
            <div key={group} className={classes.group}>
              <span className={classes.groupName}>{group}</span>
              {own.map(toTab)}
            </div>
          ),
        )}
      </Tabs.List>
      <Tabs.Panel value={open.id}>{open.render()}</Tabs.Panel>
    </Tabs>
  );
}

const toTab = ({ id, title, count }: DetailTab) => (
  <Tabs.Tab key={id} value={id}>
    {title}
    {count !== undefined && <span className={classes.count}>{formatCount(count)}</span>}
  </Tabs.Tab>
);

function groupsOf(tabs: readonly DetailTab[]): [string, DetailTab[]][] {
  const groups = new Map<string, DetailTab[]>();
  for (const tab of tabs) groups.set(tab.group ?? '', [...(groups.get(tab.group ?? '') ?? []), tab]);
  return [...groups];
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
