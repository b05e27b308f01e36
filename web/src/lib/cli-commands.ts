import { jobWords, learnerSearchWords, searchWords } from './command-words.ts';
import { type Asked, shellQuote } from './http-form.ts';

type Input = Readonly<Record<string, unknown>>;

/** Characters. */
const longestInput = 2000;

/** A name with spaces or an `@` of its own stands in double quotes, and those in the shell's. */
function named(name: unknown, version?: unknown): string {
  const text = String(name);
  const suffix = version === undefined ? '' : `@${version}`;
  if (/^[\w.-]+$/.test(text)) return text + suffix;
  return shellQuote(version === undefined ? text : `"${text}"${suffix}`);
}
const at = (input: Input) => named(input.name, input.version);
const option = (input: Input, name: string) => (input[name] === undefined ? '' : ` --${name} ${input[name]}`);

const quoted = (input: Input, name: string) =>
  input[name] === undefined ? '' : ` --${name} ${shellQuote(String(input[name]))}`;
function keyOption({ key }: Input): string {
  if (key === undefined) return '';
  if (key === '') return ' --no-key';
  return ` --key ${/^[\w.,-]+$/.test(String(key)) ? key : shellQuote(String(key))}`;
}
/** Options that take free text, in this order; one of two words is written with a hyphen. */
const words = (input: Input, names: readonly string[]) =>
  names
    .map((name) =>
      quoted(input, name).replace(` --${name}`, ` --${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`),
    )
    .join('');
function splitWords({ by, columns, at, parts, stratify, seed, split }: Input): string {
  const how = [by, ...(Array.isArray(columns) && columns.length > 0 ? [columns.join(',')] : [])].join(':');
  const list = (parts ?? []) as readonly { name: string; share?: number }[];
  const shares = list.map((part) => `${part.name}=${part.share}`).join(',');
  const names = list.length > 0 ? ` --parts ${list.map((part) => part.name).join(',')}` : '';
  const cuts = Array.isArray(at)
    ? ` --at ${at.map((each) => String(each).replaceAll(' ', 'T')).join(',')}${names}`
    : ` --shares ${shares}`;
  const where = /^[\w:.,-]+$/.test(how) ? how : shellQuote(how);
  return ` --by ${where}${cuts}${quoted({ stratify }, 'stratify')}${option({ seed }, 'seed')}${option({ name: split }, 'name')}`;
}
/** Entities as the CLI takes them: one word each. */
const keyWords = ({ entities }: Input) =>
  (entities as readonly Input[])
    .map((entity) =>
      Object.entries(entity)
        .map(([name, value]) => `${name}=${value}`)
        .join(','),
    )
    .map((word) => ` ${/^[\w.=,-]+$/.test(word) ? word : shellQuote(word)}`)
    .join('');
/** What a command reads from standard input, written behind it; much of it is better in a file. */
function pushWords({ rows, to, key }: Input): string {
  const text = JSON.stringify(rows);
  const options = `${option({ to }, 'to')}${quoted({ key }, 'key')}`;
  return text.length > longestInput ? ` rows.json${options}` : ` -${options} <<'END'\n${text}\nEND`;
}
/** A rule in the options that the command has for it. */
function confirmWords({ rule, ...input }: Input): string {
  const counts = ['top', 'seeds', 'windows'].map((name) => option(input, name)).join('');
  const { lambda, simplest } = (rule ?? {}) as { lambda?: number; simplest?: Input };
  const sides = Object.entries(simplest ?? {}).map(
    ([name, side]) => ` --simplest ${named(`${name}`)}:${side}`,
  );
  return `${counts}${option({ lambda }, 'lambda')}${sides.join('')}`;
}
/** A time is written in minutes where it is a whole number of them. */
function budgetWords(budget: unknown): string {
  const { trials, seconds, cost } = (budget ?? {}) as Partial<Record<'trials' | 'seconds' | 'cost', number>>;
  const duration =
    seconds === undefined ? undefined : seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
  return [option({ trials }, 'trials'), option({ duration }, 'duration'), option({ cost }, 'cost')].join('');
}
/** One of the dataset, or already that of another. */
const versionOf = ({ name }: Input, version: unknown) =>
  String(version).includes('@') ? shellQuote(String(version)) : named(name, version);
const orderBy = ({ orderBy: list }: Input) =>
  Array.isArray(list) ? list.map((clause) => ` --order-by ${shellQuote(String(clause))}`).join('') : '';

/** The command that prints what a query brings. */
const commands: Readonly<Record<string, (input: Input) => string>> = {
  // The chart's own rows; there is no command for a whole screen.
  'overview.get': ({ endpoint }) => `predictions list ${endpoint ?? 'ENDPOINT'}`,
  'system.status': () => 'status',
  'sources.list': () => 'sources list',
  'sources.get': ({ name }) => `sources show ${name}`,
  'analyses.query': (input) => `query ${shellQuote(String(input.sql))} --limit ${input.limit}`,
  'analyses.list': () => 'analyses list',
  'analyses.run': ({ name, latest }) => `analyses run ${name}${latest ? ' --latest' : ''}`,
  'datasets.list': ({ madeBy }) => `datasets list${option({ 'made-by': madeBy }, 'made-by')}`,
  'datasets.get': ({ name }) => `datasets versions ${name}`,
  'datasets.listVersions': ({ name }) => `datasets versions ${name}`,
  'datasets.getVersion': (input) => `datasets show ${at(input)}`,
  'datasets.commit': ({ name, mode, key, format: _format, ...input }) =>
    `datasets commit FILE --name ${name}${mode === undefined || mode === 'replace' ? '' : ` --${mode}`}${keyOption({ key })}${words(input, ['message', 'tag', 'mapping', 'dateFormat'])}`,
  'datasets.update': ({ name, description, key }) =>
    `datasets set ${name}${quoted({ description }, 'description')}${Array.isArray(key) ? keyOption({ key: key.join(',') }) : ''}`,
  'datasets.fork': ({ from, name, ...input }) =>
    `datasets fork ${from} ${name}${words(input, ['tag', 'message'])}`,
  'datasets.derive': ({ name, ...input }) =>
    `datasets derive ${name}${words(input, ['sql', 'tag', 'message'])}`,
  'datasets.split': (input) => `datasets split ${at(input)}${splitWords(input)}`,
  'datasets.rederive': (input) => `datasets rederive ${at(input)}${input.latest ? ' --latest' : ''}`,
  'datasets.verify': (input) => `datasets verify ${at(input)}`,
  'datasets.listSplits': (input) => `datasets splits ${at(input)}`,
  'datasets.listTags': ({ name }) => `datasets tags ${name}`,
  'datasets.setTag': (input) => `datasets tag ${at(input)} ${input.tag || 'TAG'}`,
  'datasets.deleteTag': ({ name, tag }) => `datasets untag ${named(name, tag)}`,
  'datasets.delete': ({ name }) => `datasets delete ${name}`,
  'datasets.deleteVersion': (input) => `datasets delete ${at(input)}`,
  'profiling.get': (input) => `datasets profile ${at(input)}${option(input, 'time')}`,
  'profiling.compare': (input) => `datasets profile ${at(input)} --compare ${input.with}`,
  'datasets.diff': (input) =>
    `datasets diff ${versionOf(input, input.from)} ${versionOf(input, input.to)}${keyOption(input)}`,
  'validation.getExpectations': ({ name }) => `datasets expectations show ${name}`,
  'validation.putExpectations': ({ name }) => `datasets expectations set ${name} expectations.json`,
  'validation.suggest': (input) => `datasets expectations suggest ${at(input)}`,
  'validation.list': (input) =>
    `datasets validations ${input.version === undefined ? input.name : at(input)}`,
  'validation.get': ({ name, id }) => `datasets validation ${name} ${id}`,
  'features.list': () => 'features list',
  'features.search': (input) =>
    `features search${input.q === undefined ? '' : ` ${shellQuote(String(input.q))}`}${option(input, 'kind')}`,
  'features.get': (input) => `features show ${at(input)}`,
  'features.preview': ({ entity, entities, eventTime, limit }) => {
    const keys = Array.isArray(entities) ? `--entities ${entities}` : `--entity ${entity}`;
    return `features preview view.sql ${keys} --event-time ${eventTime} --limit ${limit}`;
  },
  'featureServices.preview': ({ service, limit }) => `features preview service:${service} --limit ${limit}`,
  'features.listVersions': ({ name }) => `features versions ${name}`,
  'features.uses': (input) => `features uses ${at(input)}`,
  'features.impact': ({ name }) => `features impact ${name} definition.json`,
  'features.materialize': (input) =>
    `features materialize ${at(input)}${input.mode === 'incremental' ? ' --incremental' : ''}${input.wait === false ? ' --no-wait' : ''}`,
  'features.health': (input) => `features health ${at(input)}${input.kept ? ' --kept' : ''}`,
  'features.listMaterializations': ({ name }) => `features materializations ${name}`,
  'features.cancelMaterialization': ({ id }) => `features cancel-materialization ${id}`,
  'features.cancelTrainingSetBuild': ({ id }) => `features cancel-training-set ${id}`,
  'features.lookupService': ({ request, entities, ...input }) =>
    `features lookup-service ${at(input)}${keyWords({ entities: (entities as readonly Input[]).map((entity) => ({ ...entity, ...(request as readonly Input[] | undefined)?.[0] })) })}`,
  'features.onlineStatus': () => 'features online-store',
  'features.lookup': (input) => `features lookup ${at(input)}${keyWords(input)}`,
  'features.push': (input) => `features push ${at(input)}${pushWords(input)}`,
  'features.deleteVersion': (input) => `features delete ${at(input)}`,
  'entities.getVersion': (input) => `features show entity:${at(input)}`,
  'entities.listVersions': ({ name }) => `features versions entity:${name}`,
  'entities.uses': (input) => `features uses entity:${at(input)}`,
  'entities.delete': ({ name }) => `features delete entity:${name}`,
  'featureServices.get': (input) => `features show service:${at(input)}`,
  'featureServices.listVersions': ({ name }) => `features versions service:${name}`,
  'featureServices.uses': (input) => `features uses service:${at(input)}`,
  'featureServices.deleteVersion': (input) => `features delete service:${at(input)}`,
  'experiments.listExperiments': () => 'experiments list',
  'experiments.getExperiment': ({ id }) => `experiments show ${id}`,
  'experiments.searchRuns': (input) =>
    `runs search --experiment ${(input.experimentIds as string[])[0]}${quoted(input, 'filter')}${orderBy(input)}`,
  'experiments.diffRuns': ({ a, b }) => `runs diff ${a} ${b}`,
  'experiments.getRun': ({ id }) => `runs show ${id}`,
  'jobs.list': (input) => `jobs list${option(input, 'state')}`,
  'jobs.get': ({ id }) => `jobs show ${id}`,
  'jobs.listFiles': ({ id, role }) => `jobs files ${id}${option({ role }, 'role')}`,
  'jobs.getFile': ({ id, path, role }) => `jobs files ${id} ${named(path)}${option({ role }, 'role')}`,
  'jobs.submitCommand': jobWords,
  'jobs.rebuild': ({ id }) => `runs rebuild ${id}`,
  'jobs.retry': ({ id }) => `jobs retry ${id}`,
  'jobs.cancel': ({ id }) => `jobs cancel ${id}`,
  'sweeps.list': () => 'sweeps list',
  'sweeps.get': ({ id }) => `sweeps show ${id}`,
  'sweeps.importance': ({ id }) => `sweeps importance ${id}`,
  'sweeps.search': searchWords,
  'sweeps.create': learnerSearchWords,
  'sweeps.stop': ({ id, giveBack }) => `sweeps stop ${id}${giveBack ? ' --give-back' : ''}`,
  'sweeps.resume': ({ id, budget }) => `sweeps resume ${id}${budgetWords(budget)}`,
  'sweeps.confirm': (input) => `sweeps confirm ${input.id}${confirmWords(input)}`,
  'sweeps.cancel': ({ id }) => `sweeps cancel ${id}`,
  'registry.list': (input) => `models list${quoted(input, 'filter')}`,
  'registry.get': ({ name }) => `models versions ${named(name)}`,
  'registry.getVersion': (input) => `models show ${at(input)}`,
  'evidence.get': (input) => `models evidence ${at(input)}`,
  'cards.get': (input) => `models card show ${at(input)}`,
  'cards.putText': (input) =>
    `models card write ${named(input.name)}${cardFlags.map(([field, flag]) => (input[field] ? ` --${flag} ${shellQuote(String(input[field]))}` : '')).join('')}`,
  'lifecycle.transition': (input) => `models transition ${at(input)} ${input.to}${quoted(input, 'reason')}`,
  'lifecycle.listTransitions': (input) => `models history ${at(input)}`,
  'lifecycle.revertAlias': (input) =>
    `models revert ${named(input.name)}${quoted(input, 'alias')}${quoted(input, 'reason')}`,
  'modelTests.start': (input) => `test ${at(input)}`,
  'modelTests.list': (input) => `tests list ${at(input)}`,
  'modelTests.cancel': (input) => `tests cancel ${input.id}`,
  'governance.refuse': (input) => `models refuse ${at(input)} --reason ${shellQuote(String(input.reason))}`,
  'evaluation.list': () => 'evaluations list',
  'evaluation.get': ({ id }) => `evaluations show ${id}`,
  'studies.list': () => 'studies list',
  'studies.get': ({ id }) => `studies show ${id}`,
  'studies.cancel': ({ id }) => `studies cancel ${id}`,
  'endpoints.list': () => 'endpoints list',
  'endpoints.get': ({ name }) => `endpoints show ${name}`,
  'endpoints.stats': (input) => `endpoints stats ${input.name}${option(input, 'minutes')}`,
  'predictions.list': (input) =>
    `predictions list ${input.name}${option(input, 'limit')}${words(input, ['status', 'caller', 'key'])}`,
  'rollouts.list': () => 'rollouts list',
  'rollouts.get': ({ id }) => `rollouts show ${id}`,
  'monitoring.list': () => 'monitors list',
  'monitoring.get': ({ name }) => `monitors show ${name}`,
  'alerts.list': (input) => `alerts list${option(input, 'state')}`,
  'alerts.get': ({ id }) => `alerts show ${id}`,
  'retraining.list': () => 'loop list',
  'retraining.get': ({ id }) => `loop show ${id}`,
  'access.listTokens': () => 'tokens list',
  'audit.list': (input) => `audit list${words(input, ['subject', 'action', 'actor', 'from', 'to'])}`,
  'owners.get': ({ subject }) => `owners show ${shellQuote(String(subject))}`,
  'owners.put': ({ subject, owner, consumers }) =>
    `owners set ${shellQuote(String(subject))} --owner ${shellQuote(String(owner ?? ''))}${(consumers as readonly string[]).map((name) => ` --consumer ${shellQuote(name)}`).join('')}`,
  'comments.list': ({ subject }) => `comments list ${shellQuote(String(subject))}`,
  'comments.create': ({ subject, text }) =>
    `comments add ${shellQuote(String(subject))} ${shellQuote(String(text))}`,
  'audit.verify': () => 'audit verify',
  'users.list': () => 'users list',
  'users.get': (input) => `users show ${input.name}`,
  'users.listSessions': (input) => `users sessions ${input.name}`,
  'account.get': () => 'account show',
  'account.listSessions': () => 'account sessions',
  'groups.list': () => 'groups list',
  'grants.list': (input) => `grants list${option(input, 'to')}`,
  'access.impact': ({ uri }) => `impact ${uri}`,
  'access.lineage': ({ uri }) => `lineage ${uri}`,
  'subjects.list': () => 'subjects list',
  'subjects.get': ({ id }) => `subjects show ${id}`,
  'predictionLineage.get': ({ id }) => `lineage prediction:${id}`,
};

const cardFlags = [
  ['owner', 'owner'],
  ['consumers', 'consumers'],
  ['intendedUse', 'intended-use'],
  ['outOfScope', 'out-of-scope'],
  ['limits', 'limits'],
  ['ethics', 'ethics'],
] as const;

export const commandNames = (): readonly string[] => Object.keys(commands);

export function toCommand({ queryKey }: Asked): string | null {
  const [domain, method, input] = queryKey as [string, string, Input];
  const command = commands[`${domain}.${method}`];
  return command ? `tidemill ${command(input)}` : null;
}
