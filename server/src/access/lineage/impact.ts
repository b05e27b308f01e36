import type { Dependent, Impact } from '@tidemill/contract';
import type { Db } from '../../adapters/db/db.ts';
import { groupsOf } from '../../base/in-parallel.ts';
import { nameOf } from './rules.ts';
import { lineageStore } from './store.ts';

const defaultLimit = 1000;
/** Uris in one query. */
const atOnce = 500;
/** Steps read for them: of more, the rest is not followed, which is told. */
const mostSteps = 20_000;

/** Breadth first, so each dependent is met by its shortest way; no thing is followed twice, so a circle ends. */
export async function findImpact(
  db: Db,
  { uri, limit = defaultLimit }: { readonly uri: string; readonly limit?: number | undefined },
  workspace: string,
): Promise<Impact> {
  const store = lineageStore(db);
  const met = new Map<string, Omit<Dependent, 'gone'>>();
  // Who reads a dataset by its name reads its newest version.
  let level = [...new Set([uri, nameOf(uri)])];
  let isCut = false;
  for (let distance = 1; level.length > 0 && met.size <= limit; distance += 1) {
    const next: string[] = [];
    for (const group of groupsOf(level, atOnce)) {
      if (met.size > limit) break;
      const steps = await store.listDependents(workspace, group, mostSteps);
      isCut ||= steps.length >= mostSteps;
      for (const step of steps) {
        const before = met.get(step.uri);
        if (step.uri === uri || (before && before.distance < distance)) continue;
        if (!before) next.push(step.uri);
        // Who relies on it now says more than what came of it once.
        if (!before || (step.inUse && !before.inUse))
          met.set(step.uri, { ...step, kind: kindOf(step.uri), distance });
      }
    }
    level = next;
  }
  const found = [...met.values()].sort(byDistance).slice(0, limit);
  const gone = await goneAmong(db, workspace, found);
  const counts: Record<string, number> = {};
  for (const { kind } of found) counts[kind] = (counts[kind] ?? 0) + 1;
  const dependents = found.map((each) => ({ ...each, gone: gone.has(each.uri) }));
  return { uri, counts, dependents, truncated: isCut || met.size > limit };
}

const byDistance = (a: Omit<Dependent, 'gone'>, b: Omit<Dependent, 'gone'>): number =>
  a.distance - b.distance || (a.uri < b.uri ? -1 : 1);

const kindOf = (uri: string): string => uri.split(':', 1)[0] ?? '';

async function goneAmong(
  db: Db,
  workspace: string,
  things: readonly { readonly uri: string }[],
): Promise<Set<string>> {
  const gone = new Set<string>();
  for (const group of groupsOf(
    things.map(({ uri }) => uri),
    atOnce,
  ))
    for (const uri of await lineageStore(db).listDeleted(workspace, group)) gone.add(uri);
  return gone;
}
