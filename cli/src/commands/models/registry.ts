import type { ModelVersion } from '@tidemill/sdk';
import type { Command } from 'commander';
import { failures } from '../../failure.ts';
import { writeDownload } from '../../files.ts';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { toInteger, toReference } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatBytes, formatNumber, formatTime, tableLines } from '../../table.ts';

export function addRegistryCommands(models: Command): void {
  addLists(models);
  addRegister(models);
  addShow(models);
  addAliases(models.command('alias').description('names that point at a version'));
  addExport(models);
}

function addLists(models: Command): void {
  const list = models
    .command('list')
    .description('registered models')
    .option('--filter <expression>', "only these, in MLflow's grammar")
    .addOption(limitOption())
    .action(async (options: Limited & { filter?: string }, command: Command) => {
      const session = sessionOf(command);
      const { filter } = options;
      const items = await listUpTo(options.limit, (page) =>
        session.client.registry.list({ ...page, filter }),
      );
      session.list(
        items,
        {
          name: (m) => m.name,
          latest: (m) => m.latestVersion || null,
          aliases: (m) =>
            Object.entries(m.aliases)
              .map(([alias, version]) => `${alias}=${version}`)
              .join(' ') || null,
          created: (m) => formatTime(m.createdAt),
          description: (m) => m.description,
        },
        'No models. Train one: tidemill jobs run --learner ridge --register forecaster …',
      );
    });
  example(list, `models list --filter "name ILIKE '%price%'"`);
  const versions = models
    .command('versions <name>')
    .description('versions of a model, newest first')
    .addOption(limitOption())
    .action(async (name: string, options: Limited, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(options.limit, (page) =>
        session.client.registry.listVersions({ name, ...page }),
      );
      session.list(
        items,
        {
          reference: (v) => v.reference,
          approval: (v) => v.approval,
          aliases: (v) => v.aliases.join(' ') || null,
          'training set': (v) => v.trainingSet,
          mae: (v) => v.metrics.mae,
          by: (v) => v.createdBy,
          created: (v) => formatTime(v.createdAt),
        },
        `${name} has no versions.`,
      );
    });
  example(versions, 'models versions forecaster');
}

interface RegisterOptions {
  run?: string;
  sweep?: string;
  trial?: number;
  path?: string;
  description?: string;
}

function addRegister(models: Command): void {
  const register = models
    .command('register <name>')
    .description("register the model of a run, or of a sweep's trial, as a model version")
    .option('--run <id>', 'the run that made it')
    .option('--sweep <id>', 'or the sweep: its chosen trial, or the best where none was run again')
    .option('--trial <number>', 'this trial of the sweep instead', toInteger)
    .option(
      '--path <folder>',
      'its artifact folder, or the name of its logged model (default: model, or the only one)',
    )
    .option('--description <text>', 'what it is (of a sweep, by default: why this trial)')
    .action(async (name: string, options: RegisterOptions, command: Command) => {
      const session = sessionOf(command);
      const { run: runId, sweep: id, trial, path, description } = options;
      if ((runId === undefined) === (id === undefined) || (runId !== undefined && trial !== undefined))
        throw failures.modelUnclear();
      const { registry } = session.client;
      const version =
        id === undefined
          ? await registry.register({ name, runId: runId ?? '', path, description })
          : await registry.registerTrial({ id, name, trial, path, description });
      session.show(
        version,
        (v) => `Registered ${v.reference}${id === undefined ? '' : `: ${v.description}`}.`,
      );
    });
  example(register, 'models register forecaster --run 4f0c9f0e4d0b4d0a8f8e5c1d2b3a4f50');
}

function addShow(models: Command): void {
  const show = models
    .command('show <reference>')
    .description('one version: lineage, signature, metrics, approval')
    .action(async (reference: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.registry.getVersion(toReference(reference)), describeVersion);
    });
  example(show, 'models show forecaster@champion');
}

const describeVersion = (version: ModelVersion): string[] => [
  `${version.reference}  approval: ${version.approval}  ${version.description}`.trimEnd(),
  `digest        ${version.digest ?? 'none: its files are elsewhere'}`,
  `source        ${version.source ?? 'unknown'}`,
  `training set  ${version.trainingSet ?? 'unknown'}`,
  `run           ${version.runId ?? 'unknown'}`,
  `flavors       ${version.flavors.join(' ')}`,
  `size          ${formatBytes(version.size)}`,
  ...version.warnings.map((warning) => `warning       ${warning}`),
  `stage         ${version.stage}`,
  `created       ${formatTime(version.createdAt)} by ${version.createdBy}`,
  ...(version.aliases.length > 0 ? [`aliases       ${version.aliases.join(' ')}`] : []),
  ...Object.entries(version.tags).map(([key, value]) => `tag           ${key} = ${value}`),
  ...Object.entries(version.metrics).map(([key, value]) => `metric        ${key} = ${formatNumber(value)}`),
  '',
  ...tableLines(version.inputs, {
    input: (i) => i.name,
    type: (i) => i.type,
    'trained from': (i) => version.trainingRange[i.name]?.minimum,
    'trained to': (i) => version.trainingRange[i.name]?.maximum,
  }),
];

function addAliases(alias: Command): void {
  const set = alias
    .command('set <reference> <alias>')
    .description('point an alias at a version')
    .action(async (reference: string, name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const found = await session.client.registry.getVersion(toReference(reference));
      const model = await session.client.registry.setAlias({
        name: found.model,
        alias: name,
        version: found.version,
      });
      session.show(model, (m) => `${m.name}@${name} is ${found.reference}.`);
    });
  example(set, 'models alias set forecaster@3 candidate');
  const remove = alias
    .command('delete <name> <alias>')
    .description('remove an alias')
    .action(async (name: string, aliasName: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const done = await session.client.registry.deleteAlias({ name, alias: aliasName });
      session.show(done, () => `Removed ${name}@${aliasName}.`);
    });
  example(remove, 'models alias delete forecaster candidate');
}

function addExport(models: Command): void {
  const bundle = models
    .command('export <reference>')
    .description('everything needed to rebuild this version elsewhere, as one tar file')
    .option('-o, --output <file>', 'write here (default: NAME-N.tar; - is standard output)')
    .action(async (reference: string, options: { output?: string }, command: Command) => {
      const session = sessionOf(command);
      const version = await session.client.registry.getVersion(toReference(reference));
      const { model: name, version: number } = version;
      const output = options.output ?? `${name}-${number}.tar`;
      const download = await session.client.governance.exportBundle({ name, version: String(number) });
      const size = await writeDownload(download, output);
      if (output === '-') return;
      session.show(
        { model: version.reference, file: output, size },
        (done) => `Wrote ${done.model} to ${done.file}, ${formatBytes(done.size)}.`,
      );
    });
  example(bundle, 'models export forecaster@1 -o bundle.tar');
}
