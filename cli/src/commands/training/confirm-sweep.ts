import type { ChoiceRule } from '@tidemill/sdk';
import type { Command } from 'commander';
import { failures } from '../../failure.ts';
import { example } from '../../pages.ts';
import { repeated, toInteger, toNumber } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { describeSweep, followConfirmation } from './follow-sweep.ts';

interface ConfirmOptions {
  top: number;
  seeds: number;
  windows?: number;
  lambda?: number;
  simplest?: string[];
  follow?: boolean;
}

export function addConfirm(sweeps: Command): void {
  const confirm = sweeps
    .command('confirm <id>')
    .description('run the best trials again with other seeds, and choose the one that was not just lucky')
    .option('--top <number>', 'so many of the best', toInteger, 3)
    .option('--seeds <number>', 'with so many other seeds each', toInteger, 3)
    .option('--windows <number>', 'on so many windows of time per seed, which the command cuts', toInteger)
    .option('--lambda <number>', 'the best mean ± so many standard deviations (default: 1)', toNumber)
    .option(
      '--simplest <parameter:low|high>',
      'instead: within one standard error of the best, the simplest (repeatable, the first counts first)',
      repeated,
    )
    .option('--follow', 'wait for its end; exit code 1 if none could be chosen')
    .action(async (id: string, options: ConfirmOptions, command: Command) => {
      const session = sessionOf(command);
      const { top, seeds, windows } = options;
      const sweep = await session.client.sweeps.confirm({ id, top, seeds, windows, rule: toRule(options) });
      if (options.follow) return followConfirmation(session, id);
      session.show(sweep, describeSweep);
    });
  example(confirm, 'sweeps confirm sweep_0199f3 --top 3 --seeds 3 --windows 3 --follow');
}

function toRule({ lambda, simplest }: ConfirmOptions): ChoiceRule {
  if (!simplest) return { type: 'mean-std', lambda };
  if (lambda !== undefined) throw failures.rulesMixed();
  return { type: 'one-standard-error', simplest: Object.fromEntries(simplest.map(toSide)) };
}

function toSide(text: string): [string, 'low' | 'high'] {
  const [, name, side] = /^(.+):(low|high)$/.exec(text) ?? [];
  if (!name) throw failures.simplestInvalid(text);
  return [name, side === 'low' ? 'low' : 'high'];
}
