import type { Plan, PlannedChange, ProjectDefinition } from '@tidemill/sdk';
import type { Command } from 'commander';
import { readDefinition } from '../../files.ts';
import { example } from '../../pages.ts';
import { withScripts } from '../../script-folders.ts';
import { sessionOf } from '../../session.ts';

const defaultFile = 'tidemill.config.ts';

export function addProjectCommands(program: Command): void {
  const plan = program
    .command('plan [file]')
    .description(`what apply would change (default file: ${defaultFile})`)
    .action(async (file: string = defaultFile, _options: object, command: Command) => {
      const session = sessionOf(command);
      const project = await withScripts(await readDefinition<ProjectDefinition>(file), file, null);
      session.show(await session.client.projects.plan(project), (found) => describePlan(found, false));
    });
  example(plan, 'plan');
  const apply = program
    .command('apply [file]')
    .description('bring the server to the project file; applying twice changes nothing')
    .action(async (file: string = defaultFile, _options: object, command: Command) => {
      const session = sessionOf(command);
      const read = await readDefinition<ProjectDefinition>(file);
      const project = await withScripts(read, file, session.client);
      session.show(await session.client.projects.apply(project), (found) => describePlan(found, true));
    });
  example(apply, 'apply tidemill.config.ts');
}

const plannedWords = {
  create: 'to create',
  update: 'to update',
  unchanged: 'unchanged',
  wait: 'waiting',
} as const;
const doneWords = { ...plannedWords, create: 'created', update: 'updated' } as const;
const signs = { create: '+', update: '~', unchanged: '=', wait: '?' } as const;

function describePlan(plan: Plan, isApplied: boolean): string[] {
  const counts = (['create', 'update', 'unchanged', 'wait'] as const)
    .map((action) => ({ action, count: plan.changes.filter((c) => c.action === action).length }))
    .filter(({ count }) => count > 0)
    .map(({ action, count }) => `${count} ${(isApplied ? doneWords : plannedWords)[action]}`);
  return [...plan.changes.map(changeLine), `${plan.project}: ${counts.join(', ') || 'nothing declared'}.`];
}

function changeLine(change: PlannedChange): string {
  const waits = change.waitsFor ? ` (waits for ${change.waitsFor})` : '';
  const what = change.action === 'update' ? `: ${change.changes.join(', ')}` : '';
  return `${signs[change.action]} ${change.kind} ${change.name}${waits}${what}`;
}
