import { type ModelState, modelStates } from '@tidemill/sdk';
import { Argument, type Command } from 'commander';
import { example } from '../../pages.ts';
import { toReference } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatTime } from '../../table.ts';

export function addLifecycleCommands(models: Command): void {
  addTransition(models);
  addHistory(models);
  addRevert(models);
}

function addTransition(models: Command): void {
  const transition = models
    .command('transition <reference>')
    .addArgument(new Argument('<state>', 'where it shall go').choices(modelStates))
    .description(
      'bring a version to another state: validated (by its gate), approved, retired, or candidate again (restored)',
    )
    .requiredOption('--reason <text>', 'why; it is kept')
    .action(async (reference: string, to: ModelState, { reason }: { reason: string }, command: Command) => {
      const session = sessionOf(command);
      const done = await session.client.lifecycle.transition({ ...toReference(reference), to, reason });
      session.show(done, ({ model, state }) => `${model} is ${state}.`);
    });
  example(transition, 'models transition forecaster@3 retired --reason "replaced by forecaster@4"');
}

function addHistory(models: Command): void {
  const history = models
    .command('history <reference>')
    .description('how a version came to its state, newest first')
    .action(async (reference: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const { items } = await session.client.lifecycle.listTransitions(toReference(reference));
      session.list(
        items,
        {
          at: ({ createdAt }) => formatTime(createdAt),
          from: ({ from }) => from,
          to: ({ to }) => to,
          cause: ({ cause }) => cause,
          by: ({ actor }) => actor,
          reason: ({ reason }) => reason,
        },
        `${reference} is a candidate still.`,
      );
    });
  example(history, 'models history forecaster@2');
}

interface RevertOptions {
  alias: string;
  reason: string;
}

function addRevert(models: Command): void {
  const revert = models
    .command('revert <model>')
    .description(
      'point an alias at the version it pointed at before; one that follows an endpoint asks for a promotion',
    )
    .requiredOption('--alias <alias>', 'which')
    .requiredOption('--reason <text>', 'why; it is kept')
    .action(async (name: string, { alias, reason }: RevertOptions, command: Command) => {
      const session = sessionOf(command);
      const from = (await session.client.registry.get({ name })).aliases[alias];
      const done = await session.client.lifecycle.revertAlias({ name, alias, reason, from });
      session.show(done, ({ model }) => `${alias} points at ${model} again.`);
    });
  example(revert, 'models revert forecaster --alias production --reason "it overshoots on Mondays"');
}
