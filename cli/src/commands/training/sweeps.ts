import type { SweepDefinition } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { toInteger, toNames } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatTime } from '../../table.ts';
import { addConfirm } from './confirm-sweep.ts';
import { describeSweep, followSweep } from './follow-sweep.ts';
import { addSearch, addSteering } from './search-sweep.ts';

type SweepOptions = Omit<SweepDefinition, 'learners'> & {
  readonly learners?: SweepDefinition['learners'];
  readonly follow?: boolean;
};

export function addSweepsCommands(program: Command): void {
  const sweeps = program.command('sweeps').description('search for parameters');
  addCreate(sweeps);
  addListAndShow(sweeps);
  addSearch(sweeps);
  addSteering(sweeps);
  addConfirm(sweeps);
  const cancel = sweeps
    .command('cancel <id>')
    .description('cancel a sweep, or its confirmation; what has finished stays')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.sweeps.cancel({ id }), (sweep) => `${sweep.id} is ${sweep.state}.`);
    });
  example(cancel, 'sweeps cancel sweep_0199f3');
}

function addCreate(sweeps: Command): void {
  const create = sweeps
    .command('create')
    .description('random search on expanding time windows; the best is fitted on all rows')
    .option('--experiment <name>', 'where the runs belong', 'Default')
    .option('--name <name>', 'name of the sweep')
    .requiredOption('--training-set <reference>', 'dataset version to learn from')
    .requiredOption('--features <columns>', 'comma-separated', toNames)
    .requiredOption('--target <column>', 'what to predict')
    .requiredOption('--time-column <column>', 'what orders the rows')
    .option('--learners <names>', 'comma-separated (default: ridge,trees)', toNames)
    .option('--trials <number>', 'how many', toInteger, 20)
    .option('--folds <number>', 'time windows per trial', toInteger)
    .addOption(new Option('--metric <name>', 'what to minimise').choices(['mae', 'rmse'] as const))
    .option('--seed <number>', 'of everything random', toInteger)
    .option('--register <model>', 'register the best as a version of this model')
    .option('--follow', 'wait for its end; exit code 1 if it failed')
    .action(async (options: SweepOptions, command: Command) => {
      const session = sessionOf(command);
      const { follow, learners = ['ridge', 'trees'], ...definition } = options;
      const sweep = await session.client.sweeps.create({ ...definition, learners });
      if (!follow) return session.show(sweep, describeSweep);
      await followSweep(session, sweep.id);
    });
  example(
    create,
    'sweeps create --training-set train@2 --features lag1,lag2 --target y --time-column date --trials 30 --register forecaster --follow',
  );
}

function addListAndShow(sweeps: Command): void {
  const list = sweeps
    .command('list')
    .description('sweeps, newest first')
    .addOption(limitOption())
    .action(async (options: Limited, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(options.limit, (page) => session.client.sweeps.list(page));
      session.list(
        items,
        {
          id: (s) => s.id,
          state: (s) => s.state,
          trials: (s) => s.trials,
          best: (s) => s.best?.value,
          chosen: (s) => s.chosen,
          learner: (s) => s.best?.learner,
          model: (s) => s.modelVersion,
          created: (s) => formatTime(s.createdAt),
        },
        'No sweeps. Start one: tidemill sweeps create --help',
      );
    });
  example(list, 'sweeps list');
  const show = sweeps
    .command('show <id>')
    .description('one sweep with its trials')
    .option('--follow', 'wait for its end; exit code 1 if it failed')
    .action(async (id: string, options: { follow?: boolean }, command: Command) => {
      const session = sessionOf(command);
      if (options.follow) return followSweep(session, id);
      session.show(await session.client.sweeps.get({ id }), describeSweep);
    });
  example(show, 'sweeps show sweep_0199f3 --follow');
}
