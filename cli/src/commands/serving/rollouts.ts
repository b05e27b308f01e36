import type { Rollout } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { toInteger, toNumber } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatTime } from '../../table.ts';
import { comparisonLines } from '../models/evaluation-text.ts';

export function addRolloutsCommands(program: Command): void {
  const rollouts = program.command('rollouts').description('a candidate proven in shadow and canary');
  addStart(rollouts);
  addListAndShow(rollouts);
  addDecisions(rollouts);
}

interface StartOptions {
  view?: string;
  service?: string;
  stage?: 'shadow' | 'canary';
  reason?: string;
  minimumPairs?: number;
  maximumPairs?: number;
  alpha?: number;
  canaryWeight?: number;
  canaryPairs?: number;
  guardRatio?: number;
}

function addStart(rollouts: Command): void {
  const start = rollouts
    .command('start <endpoint> <candidate>')
    .description('prove a candidate against the live model: shadow, canary, then promoted or taken back')
    .addOption(new Option('--stage <stage>', 'begin here').choices(['shadow', 'canary'] as const))
    .option('--view <reference>', 'feature view that the candidate reads')
    .option('--service <reference>', 'feature service that the candidate looks up, instead of a view')
    .option('--reason <text>', 'why')
    .optionsGroup('Policy:')
    .option('--minimum-pairs <number>', 'evidence before any verdict', toInteger)
    .option('--maximum-pairs <number>', 'give up as inconclusive after so many', toInteger)
    .option('--alpha <probability>', 'of a wrong verdict', toNumber)
    .option('--canary-weight <share>', 'of live traffic', toNumber)
    .option('--canary-pairs <number>', 'length of the canary', toInteger)
    .option('--guard-ratio <factor>', 'take back at once beyond this multiple of the largest error', toNumber)
    .action(async (endpoint: string, candidate: string, options: StartOptions, command: Command) => {
      const session = sessionOf(command);
      const { view, service, stage, reason, ...policy } = options;
      const rollout = await session.client.rollouts.start({
        endpoint,
        candidate,
        view,
        service,
        stage,
        reason,
        policy: Object.keys(policy).length > 0 ? policy : undefined,
      });
      session.show(rollout, describeRollout);
    });
  example(start, 'rollouts start forecast forecaster@2 --minimum-pairs 20');
}

function addListAndShow(rollouts: Command): void {
  const list = rollouts
    .command('list')
    .description('rollouts, newest first')
    .option('--endpoint <name>', 'only of this endpoint')
    .addOption(limitOption())
    .action(async (options: Limited & { endpoint?: string }, command: Command) => {
      const session = sessionOf(command);
      const { limit, endpoint } = options;
      const items = await listUpTo(limit, (page) => session.client.rollouts.list({ endpoint, ...page }));
      session.list(
        items,
        {
          id: (r) => r.id,
          endpoint: (r) => r.endpoint,
          candidate: (r) => r.candidate,
          against: (r) => r.champion,
          stage: (r) => r.stage,
          pairs: (r) => r.evidence?.pairs,
          verdict: (r) => r.evidence?.verdict,
          created: (r) => formatTime(r.createdAt),
        },
        'No rollouts. Start one: tidemill rollouts start forecast forecaster@2',
      );
    });
  example(list, 'rollouts list --endpoint forecast');
  const show = rollouts
    .command('show <id>')
    .description('one rollout with its evidence and timeline')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.rollouts.get({ id }), describeRollout);
    });
  example(show, 'rollouts show rollout_0199f3');
}

function addDecisions(rollouts: Command): void {
  const decide = (verb: 'promote' | 'rollback', description: string) => {
    const decision = rollouts
      .command(`${verb} <id>`)
      .description(description)
      .requiredOption('--reason <text>', 'why; it is audited')
      .action(async (id: string, options: { reason: string }, command: Command) => {
        const session = sessionOf(command);
        const { rollouts: service } = session.client;
        const { reason } = options;
        const done = await (verb === 'promote' ? service.promote : service.rollBack)({ id, reason });
        session.show(done, describeRollout);
      });
    example(decision, `rollouts ${verb} rollout_0199f3 --reason "seen enough"`);
  };
  decide('promote', 'promote now, by name and reason');
  decide('rollback', 'take the candidate back; works while automation is paused');
}

const describeRollout = (rollout: Rollout): string[] => [
  `${rollout.id}: ${rollout.candidate} against ${rollout.champion} on ${rollout.endpoint}, ${rollout.stage}`,
  ...comparisonLines('evidence', rollout.evidence),
  ...rollout.timeline.map((step) => `${formatTime(step.at)}  ${step.stage}: ${step.text} (${step.actor})`),
];
