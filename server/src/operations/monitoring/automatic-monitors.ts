/** Monitors that nobody declares: of a view's freshness, where it has an objective, and of its parity, where it is online. */
import type { FeatureView } from '@tidemill/contract';
import type { StoredMonitor } from './store.ts';

export interface Wanted {
  readonly view: FeatureView | null;
  readonly isOnline: boolean;
  readonly isOn: boolean;
  readonly now: number;
}

const nameOf = (view: string, kind: string): string => `${view}.${kind}`;

/** What is to be saved and what to be removed; a monitor that somebody declared for the view stands for ours. */
export function automaticMonitors(
  workspace: string,
  name: string,
  { view, isOnline, isOn, now }: Wanted,
  there: readonly StoredMonitor[],
): { readonly save: readonly StoredMonitor[]; readonly remove: readonly string[] } {
  const declared = new Set(there.filter(({ automatic }) => !automatic).map(({ kind }) => kind));
  const kinds = [
    ...(view !== null && view.freshness !== null ? (['freshness'] as const) : []),
    ...(view !== null && isOnline ? (['parity'] as const) : []),
  ].filter((kind) => isOn && !declared.has(kind));
  const wanted = kinds.map(
    (kind): StoredMonitor => ({
      ...{ workspace, name: nameOf(name, kind), view: name, kind, automatic: true, createdAt: now },
    }),
  );
  const names = new Set(wanted.map((monitor) => monitor.name));
  const ours = there.filter(({ automatic }) => automatic).map((monitor) => monitor.name);
  return {
    save: wanted.filter((monitor) => !ours.includes(monitor.name)),
    remove: ours.filter((each) => !names.has(each)),
  };
}
