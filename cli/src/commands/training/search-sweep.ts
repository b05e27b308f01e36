import type { SearchDefinition, SweepBudget } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { failures } from '../../failure.ts';
import { readDefinition } from '../../files.ts';
import { example } from '../../pages.ts';
import { repeated, toInteger, toNumber, toSeconds } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatNumber } from '../../table.ts';
import { addCommandOptions, type CommandOptions, toCommandJob } from './command-job.ts';
import { describeSweep, followSweep } from './follow-sweep.ts';
import { addPrunerOptions, type PrunerOptions, toPruner } from './pruner-options.ts';

interface SearchOptions extends CommandOptions, PrunerOptions {
  space: string;
  goal: string[];
  sampler?: SearchDefinition['sampler'];
  trials?: number;
  duration?: number;
  cost?: number;
  parallel?: number;
  warmStart?: string;
  lease?: number;
  register?: string;
  follow?: boolean;
}

const samplers = ['tpe', 'random', 'grid', 'sobol', 'cma-es', 'nsga2'] as const;

export function addSearch(sweeps: Command): void {
  const search = sweeps
    .command('search [command...]')
    .description(
      'search a space with a command of your own after --; without one, trials are asked for and told over HTTP',
    )
    .requiredOption(
      '--space <file>',
      'JSON: {"lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": true}}',
    )
    .requiredOption(
      '--goal <metric:direction>',
      'such as val_rmse:min or accuracy:max (repeatable)',
      repeated,
    )
    .option('--experiment <name>', 'where the runs belong', 'Default')
    .option('--name <name>', 'name of the sweep')
    .addOption(new Option('--sampler <name>', 'how points are chosen (default: tpe)').choices(samplers))
    .option('--trials <number>', 'at most so many', toInteger)
    .option('--duration <time>', 'begin none after so long: 90m, 2h', toSeconds)
    .option('--cost <number>', 'begin none after so much: for jobs, processor seconds', toNumber)
    .option('--parallel <number>', 'so many at once (default: 2)', toInteger)
    .option('--seed <number>', 'of everything random', toInteger)
    .option('--warm-start <sweep>', 'know what this sweep found')
    .option('--lease <time>', 'a trial not heard of for so long is given to another (default: 5m)', toSeconds)
    .option(
      '--cache',
      'take finished runs of the very same instead of running trials, and their repeats, again',
    )
    .option('--register <model>', "register the best trial's model; after `sweeps confirm` the chosen one's")
    .option('--follow', 'wait for its end; exit code 1 if it failed');
  addPrunerOptions(search);
  addCommandOptions(search.optionsGroup('Options of the command:')).action(
    async (words: string[], options: SearchOptions, command: Command) => {
      const session = sessionOf(command);
      const definition = await toDefinition(options);
      const {
        experiment,
        name,
        parameters: _parameters,
        cache: _cache,
        ...job
      } = words.length > 0 ? await toCommandJob(session, words, options) : { experiment: '', name: '' };
      const sweep = await session.client.sweeps.search({
        ...definition,
        ...(options.cache && { cache: true }),
        ...('command' in job && { command: job }),
      });
      if (!options.follow) return session.show(sweep, describeSweep);
      await followSweep(session, sweep.id);
    },
  );
  example(
    search,
    `sweeps search --space space.json --goal val_rmse:min --trials 50 --pruner median --follow -- python train.py '$\{args}'`,
  );
}

async function toDefinition(options: SearchOptions): Promise<SearchDefinition> {
  const { experiment, name, sampler, parallel, seed, warmStart, lease, register } = options;
  return {
    experiment,
    name,
    space: await readDefinition<SearchDefinition['space']>(options.space),
    goals: options.goal.map(toGoal),
    sampler,
    pruner: toPruner(options),
    budget: toBudget(options),
    parallel,
    seed,
    warmStart,
    leaseSeconds: lease,
    register,
  };
}

const toBudget = ({ trials, duration, cost }: SearchOptions): SweepBudget => ({
  ...(trials !== undefined && { trials }),
  ...(duration !== undefined && { seconds: duration }),
  ...(cost !== undefined && { cost }),
});

function toGoal(text: string): SearchDefinition['goals'][number] {
  const [, metric, direction] = /^(.+):(min|max)(?:imize)?$/.exec(text) ?? [];
  if (!metric) throw failures.goalInvalid(text);
  return { metric, direction: direction === 'min' ? 'minimize' : 'maximize' };
}

export function addSteering(sweeps: Command): void {
  const stop = sweeps
    .command('stop <id>')
    .description('begin no more trials; those at work go on')
    .option('--give-back', 'end those at work too; they are begun again at resume')
    .action(async (id: string, options: { giveBack?: boolean }, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.sweeps.stop({ id, ...options }), (s) => `${s.id} is ${s.state}.`);
    });
  example(stop, 'sweeps stop sweep_0199f3');
  const resume = sweeps
    .command('resume <id>')
    .description('go on with a sweep that was stopped, or, with a larger budget, with one that ended')
    .option('--trials <number>', 'at most so many, those before included', toInteger)
    .option('--duration <time>', 'begin none after so long since its beginning', toSeconds)
    .option('--cost <number>', 'begin none after so much in all', toNumber)
    .option('--follow', 'wait for its end; exit code 1 if it failed')
    .action(async (id: string, options: SearchOptions, command: Command) => {
      const session = sessionOf(command);
      const budget = toBudget(options);
      const sweep = await session.client.sweeps.resume({
        id,
        ...(Object.keys(budget).length > 0 && { budget }),
      });
      if (options.follow) return followSweep(session, id);
      session.show(sweep, describeSweep);
    });
  example(resume, 'sweeps resume sweep_0199f3 --trials 100 --follow');
  const importance = sweeps
    .command('importance <id>')
    .description('which parameters matter: shares of 1 (PED-ANOVA)')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const { items } = await session.client.sweeps.importance({ id });
      session.list(
        items,
        { parameter: (i) => i.parameter, share: (i) => formatNumber(i.share) },
        'Nothing can be said before two trials are complete.',
      );
    });
  example(importance, 'sweeps importance sweep_0199f3');
}
