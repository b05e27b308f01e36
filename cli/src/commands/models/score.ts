import type { TestScore } from '@tidemill/sdk';
import type { Command } from 'commander';
import { example } from '../../pages.ts';
import { toName, toReference } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { tableLines } from '../../table.ts';

export function addScoreCommands(models: Command): void {
  const score = models
    .command('score <reference>')
    .description('the ML Test Score: 28 tests, found or attested, and the least of their four sections')
    .action(async (reference: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.scores.get(toReference(reference)), describeScore);
    });
  example(score, 'models score forecaster@2');
  const attest = models
    .command('attest <name> <test>')
    .description('say that one of the 28 tests is done by hand for this model: half a point')
    .requiredOption('--note <text>', 'how, and where it is written down')
    .action(async (name: string, test: string, { note }: { note: string }, command: Command) => {
      const session = sessionOf(command);
      const said = await session.client.scores.attest({ name: toName(name), test, note });
      session.show(said, ({ actor }) => `${test} of ${name} is attested by ${actor}: ${note}`);
    });
  example(attest, 'models attest forecaster data-5 --note "reviewed by legal in May, wiki/privacy"');
  const withdraw = models
    .command('withdraw <name> <test>')
    .description('withdraw what was attested of a test')
    .action(async (name: string, test: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const done = await session.client.scores.withdraw({ name: toName(name), test });
      session.show(done, () => `${test} of ${name} is attested no more.`);
    });
  example(withdraw, 'models withdraw forecaster data-5');
}

export const describeScore = ({ model, score, reading, sections, tests }: TestScore): string[] => [
  `${model}: ML Test Score ${score} (the least of ${sections.map(({ section, points }) => `${section} ${points}`).join(', ')})`,
  `${reading}`,
  '',
  ...tableLines(tests, {
    test: (t) => t.id,
    points: (t) => t.points,
    how: (t) => (t.how === 'none' ? (t.automatable ? 'not yet' : 'by hand only') : t.how),
    what: (t) => t.title,
    evidence: (t) => (t.how === 'none' && !t.automatable ? '' : t.evidence),
  }),
];
