import type {
  ApprovalRecord,
  Client,
  EnvironmentPolicy,
  EnvironmentState,
  Gate,
  GateCheck,
  GateDefinition,
} from '@tidemill/sdk';
import type { Command } from 'commander';
import { failures } from '../../failure.ts';
import { readDefinition } from '../../files.ts';
import { example } from '../../pages.ts';
import { toReference } from '../../parse.ts';
import { type Session, sessionOf, setVerdict } from '../../session.ts';
import { formatTime, tableLines } from '../../table.ts';

export function addGovernanceCommands(models: Command): void {
  addGate(models.command('gate').description('rules that a version must pass'));
  addCheck(models);
  addApprove(models);
  addRefuse(models);
  addApprovals(models);
  addEnvironments(models);
}

function addGate(gate: Command): void {
  const show = gate
    .command('show <name>')
    .description('the gate of a model')
    .action(async (name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.governance.getGate({ name }), describeGate);
    });
  example(show, 'models gate show forecaster');
  const set = gate
    .command('set <name> <definition>')
    .description(
      'declare the gate by a .json or .ts file: { rules: [{ name, expression, message, severity }], approval: { approvers, fourEyes, handover, tests, ci }, environments: { production: { rules, approval } } }',
    )
    .action(async (name: string, file: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const definition = await readDefinition<GateDefinition>(file);
      session.show(await session.client.governance.putGate({ ...definition, name }), describeGate);
    });
  example(set, 'models gate set forecaster gate.json');
}

const describeGate = ({ rules, approval, environments }: Gate): string[] => [
  ...tableLines(rules, {
    rule: (r) => r.name,
    holds: (r) => r.expression,
    otherwise: (r) => `${r.severity ?? 'refuse'}: ${r.message}`,
  }),
  ...(approval ? [`approved by ${describePolicy(approval)}`] : []),
  ...Object.entries(environments).map(([name, policy]) => `${name}: ${describeEnvironment(policy)}`),
];

const describeEnvironment = ({ rules, approval }: EnvironmentPolicy): string =>
  [
    rules ? `rules ${rules.join(', ') || 'none'}` : 'all rules',
    ...(approval ? [`approved by ${describePolicy(approval)}`] : []),
  ].join('; ');

const describePolicy = ({
  approvers = 1,
  fourEyes,
  handover,
  tests,
  ci,
}: NonNullable<Gate['approval']>): string =>
  [
    approvers === 1 ? 'one person' : `${approvers} people`,
    ...(fourEyes ? ['not the author'] : []),
    ...(handover ? ['with a hand-over note'] : []),
    ...(tests ? ['all four scopes of its tests passed'] : []),
    ...(ci ? ['a green CI of its commit'] : []),
  ].join(', ');

function addCheck(models: Command): void {
  const check = models
    .command('check <reference>')
    .description('hold an evaluation of this version against the gate; exit code 2 if refused')
    .option('--evaluation <id>', 'default: its newest')
    .action(async (reference: string, options: { evaluation?: string }, command: Command) => {
      const session = sessionOf(command);
      const evaluation = options.evaluation ?? (await newestEvaluation(session.client, reference));
      const done = await session.client.governance.check({ ...toReference(reference), evaluation });
      session.show(done, describeCheck);
      setVerdict(done.passed);
    });
  example(check, 'models check forecaster@2');
}

/** @throws evaluationMissing */
async function newestEvaluation(client: Client, reference: string): Promise<string> {
  const { items } = await client.evaluation.list({ model: reference, limit: 1 });
  const [newest] = items;
  if (!newest) throw failures.evaluationMissing(reference);
  return newest.id;
}

const verdicts = { pass: 'PASSED', warn: 'PASSED with warnings', refuse: 'REFUSED' } as const;

const describeCheck = (check: GateCheck): string[] => [
  `${check.model}: ${verdicts[check.verdict]} (evaluation ${check.evaluation})`,
  ...check.results.map(
    (r) =>
      `  ${r.passed ? 'yes ' : r.severity === 'warn' ? 'warn' : 'NO  '} ${r.rule}: ${r.passed ? r.expression : r.message}`,
  ),
];

interface ApproveOptions {
  environment?: string;
  override?: boolean;
  reason?: string;
  handover?: string;
}

function addApprove(models: Command): void {
  const approve = models
    .command('approve <reference>')
    .description('approve a version whose gate passed, or override a refusal; exit code 2 if refused')
    .option('--environment <name>', 'for this environment of the gate alone')
    .option('--override', 'although the gate refuses; needs --reason, and is audited')
    .option('--reason <text>', 'why')
    .option('--handover <text>', 'what the people who will run it must know')
    .action(async (reference: string, options: ApproveOptions, command: Command) => {
      await approveVersion(sessionOf(command), reference, options);
    });
  example(approve, 'models approve forecaster@1 --override --reason "the launch is on Monday"');
}

async function approveVersion(session: Session, reference: string, options: ApproveOptions): Promise<void> {
  if (options.override && !options.reason) {
    throw failures.optionMissing('--reason', 'an override is audited, so say why.');
  }
  const { environment, override, handover, reason = 'its gate passed' } = options;
  const word = { ...toReference(reference), override, reason, handover };
  const { governance } = session.client;
  const record =
    environment === undefined
      ? await governance.approve(word)
      : await governance.approveFor({ ...word, environment });
  session.show(record, describeApproval);
}

const describeApproval = ({
  model,
  decision,
  environment,
  actor,
  reason,
  missing,
}: ApprovalRecord): string[] => [
  `${model} is ${decision}${environment === null ? '' : ` for ${environment}`} by ${actor}: ${reason}`,
  ...(missing > 0
    ? [
        `${missing} more must approve it before it may ${environment === null ? 'go out' : `enter ${environment}`}.`,
      ]
    : []),
];

function addRefuse(models: Command): void {
  const refuse = models
    .command('refuse <reference>')
    .description('say that a version must not go out; a later approval lifts it')
    .requiredOption('--reason <text>', 'why')
    .action(async (reference: string, { reason }: { reason: string }, command: Command) => {
      const session = sessionOf(command);
      const record = await session.client.governance.refuse({ ...toReference(reference), reason });
      session.show(record, describeApproval);
    });
  example(refuse, 'models refuse forecaster@3 --reason "it has never seen a price above 180"');
}

function addApprovals(models: Command): void {
  const approvals = models
    .command('approvals <reference>')
    .description('decisions on a version, newest first')
    .action(async (reference: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const { items } = await session.client.governance.listApprovals(toReference(reference));
      session.list(
        items,
        {
          at: (a) => formatTime(a.createdAt),
          decision: (a) => a.decision,
          for: (a) => a.environment ?? 'going out',
          by: (a) => a.actor,
          reason: (a) => a.reason,
          'hand-over': (a) => a.handover ?? '–',
        },
        `Nobody has decided on ${reference}.`,
      );
    });
  example(approvals, 'models approvals forecaster@1');
}

function addEnvironments(models: Command): void {
  const environments = models
    .command('environments <reference>')
    .description('environments of the gate, and whether this version may enter each')
    .action(async (reference: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const { items } = await session.client.governance.listEnvironments(toReference(reference));
      session.list<EnvironmentState>(
        items,
        {
          environment: (e) => e.environment,
          asks: (e) => describeEnvironment(e.policy),
          'may enter': (e) => (e.allowed ? 'yes' : 'NO'),
          because: (e) => e.reason || null,
        },
        'Its gate names no environment: every alias and stage may be given.',
      );
    });
  example(environments, 'models environments forecaster@2');
}
