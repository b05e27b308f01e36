import { writeFile } from 'node:fs/promises';
import type { DeclaredTestCases, ModelTest, ModelTestCases, TestCheck, TestScope } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { failures } from '../../failure.ts';
import { readDefinition } from '../../files.ts';
import { toJunit } from '../../junit.ts';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { toReference } from '../../parse.ts';
import { type Session, sessionOf } from '../../session.ts';
import { formatTime } from '../../table.ts';
import { watch } from '../../watch.ts';

const scopes: readonly TestScope[] = ['unit', 'integration', 'system', 'acceptance'];

interface TestOptions {
  scope?: TestScope[];
  junit?: string;
}

export function addTestCommand(program: Command): void {
  const test = program
    .command('test <model>')
    .description(
      'test a version (default: the latest): feature code, training path, endpoint against offline, acceptance cases; exit code 1 if anything fails',
    )
    .addOption(new Option('--scope <scope...>', 'only these').choices(scopes))
    .option('--junit <file>', 'also write the results as JUnit XML')
    .action(async (model: string, options: TestOptions, command: Command) => {
      const session = sessionOf(command);
      const started = await session.client.modelTests.start({
        ...toReference(model.includes('@') ? model : `${model}@latest`),
        ...(options.scope && { scopes: options.scope }),
      });
      const ended = await follow(session, started.id);
      if (ended) await tell(session, ended, options.junit);
    });
  example(test, 'test forecaster@2 --junit tests.xml');
}

const follow = (session: Session, id: string): Promise<ModelTest | null> =>
  watch(session, {
    ask: (signal) => session.client.modelTests.get({ id }, { signal }),
    isDone: ({ state }) => state !== 'queued' && state !== 'running',
    lines: (test) =>
      test.scopes
        .filter(({ outcome }) => outcome !== 'waiting')
        .map(({ scope, outcome }) => `${scope}: ${outcome}`),
    whenLeft: `${id} goes on; tidemill tests show ${id} tells its end.`,
  });

async function tell(session: Session, test: ModelTest, junit: string | undefined): Promise<void> {
  if (junit !== undefined)
    await writeFile(junit, toJunit(test)).catch((error: unknown) => {
      throw failures.fileNotWritten(junit, error);
    });
  session.show(test, describeTest);
  if (test.state !== 'passed') process.exitCode = 1;
}

const signs = { passed: 'yes ', failed: 'NO  ', skipped: '–   ' } as const;

const describeCheck = ({ outcome, name, message, rows }: TestCheck): string[] => [
  `  ${signs[outcome]} ${name}: ${message}`,
  ...(outcome === 'failed' ? rows.map((row) => `         ${JSON.stringify(row)}`) : []),
];

const describeTest = (test: ModelTest): string[] => [
  ...test.scopes.flatMap(({ scope, outcome, checks, milliseconds }) => [
    `${scope}: ${outcome}${milliseconds === null ? '' : ` (${milliseconds} ms)`}`,
    ...checks.flatMap(describeCheck),
  ]),
  `${test.model}: ${test.state.toUpperCase()}${test.error === null ? '' : `: ${test.error}`} (${test.id})`,
];

export function addTestsCommands(program: Command): void {
  const tests = program.command('tests').description('tests of model versions, and the cases they run');
  addList(tests);
  addShow(tests);
  addCancel(tests);
  addCases(tests);
}

function addList(tests: Command): void {
  const list = tests
    .command('list <reference>')
    .description('tests of a version, newest first')
    .addOption(limitOption())
    .action(async (reference: string, { limit }: Limited, command: Command) => {
      const session = sessionOf(command);
      const version = toReference(reference);
      const items = await listUpTo(limit, (page) => session.client.modelTests.list({ ...version, ...page }));
      const outcome = (scope: TestScope) => (test: ModelTest) =>
        test.scopes.find((each) => each.scope === scope)?.outcome ?? '–';
      session.list(
        items,
        {
          test: ({ id }) => id,
          state: ({ state }) => state,
          ...Object.fromEntries(scopes.map((scope) => [scope, outcome(scope)])),
          by: ({ createdBy }) => createdBy,
          at: ({ createdAt }) => formatTime(createdAt),
        },
        `${reference} was not tested yet.`,
      );
    });
  example(list, 'tests list forecaster@2');
}

function addShow(tests: Command): void {
  const show = tests
    .command('show <id>')
    .description('one test, check by check')
    .option('--junit <file>', 'also write it as JUnit XML')
    .action(async (id: string, { junit }: TestOptions, command: Command) => {
      const session = sessionOf(command);
      const test = await session.client.modelTests.get({ id });
      if (junit !== undefined) await writeFile(junit, toJunit(test));
      session.show(test, describeTest);
    });
  example(show, 'tests show mt_01a2…');
}

function addCancel(tests: Command): void {
  const cancel = tests
    .command('cancel <id>')
    .description('cancel a test that has not ended')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.modelTests.cancel({ id }), ({ state }) => `${id} is ${state}.`);
    });
  example(cancel, 'tests cancel mt_01a2…');
}

function addCases(tests: Command): void {
  const cases = tests
    .command('cases <model>')
    .description('the cases that versions of a model are tested with')
    .action(async (name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.modelTests.getCases({ name }), describeCases);
    });
  example(cases, 'tests cases forecaster');
  const set = tests
    .command('set <model> <definition>')
    .description(
      'declare them by a .json or .ts file: { features, acceptance }; a project file does the same',
    )
    .action(async (name: string, file: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const definition = await readDefinition<ModelTestCases>(file);
      session.show(await session.client.modelTests.putCases({ ...definition, name }), describeCases);
    });
  example(set, 'tests set forecaster cases.json');
}

const describeCases = ({ model, features, acceptance }: DeclaredTestCases): string[] => [
  ...features.map(({ name, service, view }) => `unit        ${name} (${service ?? view})`),
  ...acceptance.map(({ name, kind, holds, change, expect }) => {
    const changed = Object.entries(change ?? {}).map(([input, text]) => `${input} becomes ${text}`);
    return `acceptance  ${name} (${kind}): ${holds ?? `${changed.join(', ')}${expect ? `: ${expect}` : ''}`}`;
  }),
  `${model}: ${features.length + acceptance.length} cases.`,
];
