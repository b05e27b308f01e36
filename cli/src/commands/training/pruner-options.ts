import type { SweepPruner } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { failures } from '../../failure.ts';
import { toInteger, toNumber } from '../../parse.ts';

const pruners = ['none', 'median', 'percentile', 'asha', 'hyperband', 'patient'] as const;
type PrunerName = (typeof pruners)[number];

const settings = [
  { name: 'percentile', about: 'let the best so many of a hundred go on: 25', of: ['percentile'] },
  { name: 'startupTrials', about: 'stop none before so many are complete (default: 5)' },
  { name: 'warmupSteps', about: 'stop none before this step (default: 0)' },
  { name: 'intervalSteps', about: 'judge every so many steps (default: 1)' },
  {
    name: 'minimumResource',
    about: 'the first rung: steps before any is stopped',
    of: ['asha', 'hyperband'],
  },
  { name: 'maximumResource', about: 'the most steps of a trial', of: ['hyperband'] },
  {
    name: 'reductionFactor',
    about: 'one in so many goes on (asha 4, hyperband 3)',
    of: ['asha', 'hyperband'],
  },
  { name: 'earlyStoppingRate', about: 'begin so many rungs later (default: 0)', of: ['asha'] },
  { name: 'patience', about: 'wait so many steps for something better', of: ['patient'] },
  { name: 'minimumDelta', about: 'what counts as better (default: 0)', of: ['patient'] },
] as const satisfies readonly { name: string; about: string; of?: readonly PrunerName[] }[];
type Setting = (typeof settings)[number]['name'];

const ofMedian: readonly PrunerName[] = ['median', 'percentile'];
const prunersOf = (setting: (typeof settings)[number]): readonly PrunerName[] =>
  'of' in setting ? setting.of : ofMedian;

const fractions: readonly Setting[] = ['percentile', 'minimumDelta'];

export type PrunerOptions = Partial<Record<Setting, number>> & {
  pruner?: PrunerName;
  wrapped?: Exclude<PrunerName, 'none' | 'patient'>;
};

const flagOf = (name: string) => `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;

export function addPrunerOptions(command: Command): void {
  command
    .optionsGroup('Options of the pruner:')
    .addOption(
      new Option(
        '--pruner <name>',
        'stop what promises little, by the metric it logs per step (default: none)',
      ).choices(pruners),
    )
    .addOption(
      new Option('--wrapped <pruner>', 'patient: once patience is over, ask this one too').choices(
        pruners.slice(1, -1),
      ),
    );
  for (const setting of settings)
    command.option(
      `${flagOf(setting.name)} <number>`,
      `${prunersOf(setting).join(', ')}: ${setting.about}`,
      fractions.includes(setting.name) ? toNumber : toInteger,
    );
}

/** Settings go to the pruner that has them: the named one, or the one within `patient`. */
export function toPruner(options: PrunerOptions): SweepPruner | undefined {
  const { pruner, wrapped } = options;
  const given = settings.filter(({ name }) => options[name] !== undefined);
  if (wrapped && pruner !== 'patient') throw failures.prunerOptionMisplaced('--wrapped', ['patient']);
  const named: readonly (PrunerName | undefined)[] = [pruner, wrapped];
  for (const setting of given)
    if (!prunersOf(setting).some((name) => named.includes(name)))
      throw failures.prunerOptionMisplaced(flagOf(setting.name), prunersOf(setting));
  const settingsOf = (name: PrunerName) =>
    Object.fromEntries(
      given
        .filter((setting) => prunersOf(setting).includes(name))
        .map((each) => [each.name, options[each.name]]),
    );
  for (const [name, needed] of [
    ['percentile', 'percentile'],
    ['patient', 'patience'],
  ] as const)
    if (named.includes(name) && options[needed] === undefined)
      throw failures.prunerOptionMissing(name, flagOf(needed));
  if (!pruner) return undefined;
  const inner = wrapped && { wrapped: { type: wrapped, ...settingsOf(wrapped) } };
  return { type: pruner, ...settingsOf(pruner), ...inner } as SweepPruner;
}
