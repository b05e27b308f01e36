import { isDeepStrictEqual } from 'node:util';
import type { Plan, PlannedChange, ProjectDefinition } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { toUri } from '../../base/references.ts';
import { createProjectKinds, type ProjectKindsDependencies } from './project-kinds.ts';
import {
  assertNames,
  kinds,
  labels,
  namesOf,
  type Outlook,
  type PlanContext,
  toProjectError,
} from './rules.ts';
import { projectStore } from './store.ts';

export interface ProjectsDependencies extends ProjectKindsDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly clock: Clock;
}

/**
 * A project file is what shall be there. `apply` brings the server to it through the same services a person uses;
 * what is left out of the file stays as it is (but for grants that it gave), and what automation has moved since is not moved back.
 */
export function createProjects(deps: ProjectsDependencies) {
  const { db, changes, clock } = deps;
  const things = createProjectKinds(deps);

  async function walk(
    file: ProjectDefinition,
    caller: Caller,
    visit: (
      kind: (typeof kinds)[number],
      name: string,
      outlook: Outlook,
      context: PlanContext,
    ) => Promise<void>,
  ): Promise<PlannedChange[]> {
    const before = await projectStore(db).find(caller.workspace, file.name);
    const creating = new Set<string>();
    const context: PlanContext = { file, before, caller, creating, moving: new Set(), planned: new Map() };
    const planned: PlannedChange[] = [];
    for (const kind of kinds) {
      for (const name of namesOf(kind, file, before)) {
        const outlook = await things[kind].look(name, context);
        if (outlook.action === 'create') creating.add(`${labels[kind]}:${name}`);
        await visit(kind, name, outlook, context);
        planned.push({ kind: labels[kind], name, ...outlook, changes: [...outlook.changes] });
      }
    }
    return planned;
  }

  async function plan(file: ProjectDefinition, caller: Caller): Promise<Plan> {
    assertNames(file);
    return { project: file.name, changes: await walk(file, caller, async () => {}) };
  }

  return {
    /** @throws projectInvalid naming the place in the file */
    plan,

    /** Planned as a whole first: a file with a mistake changes nothing. */
    async apply(file: ProjectDefinition, caller: Caller): Promise<Plan> {
      await plan(file, caller);
      const applied = await walk(file, caller, async (kind, name, outlook, context) => {
        if (outlook.action !== 'create' && outlook.action !== 'update') return;
        await things[kind].bring(name, outlook, context).catch((error: unknown) => {
          throw toProjectError(error, `${kind}.${name}`);
        });
      });
      const before = await projectStore(db).find(caller.workspace, file.name);
      if (before === null || !isDeepStrictEqual(before, file)) {
        await changes.run(caller, async (tx, record) => {
          await projectStore(tx).save(caller.workspace, file, clock.now(), caller.actor);
          const done = applied.filter(({ action }) => action === 'create' || action === 'update');
          const detail = { changes: done.map(({ action, kind, name }) => `${action} ${kind}:${name}`) };
          record({ action: 'project.applied', subject: toUri('project', file.name), detail });
        });
      }
      return { project: file.name, changes: applied };
    },

    /** As they were applied last. */
    list: (workspace: string): Promise<ProjectDefinition[]> => projectStore(db).list(workspace),
  };
}

export type Projects = ReturnType<typeof createProjects>;
