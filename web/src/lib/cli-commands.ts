import type { Asked } from './http-form.ts';

type Input = Readonly<Record<string, unknown>>;

const at = (input: Input) => `${input.name}@${input.version}`;
const option = (input: Input, name: string) => (input[name] === undefined ? '' : ` --${name} ${input[name]}`);

/** The command that prints what a query brings. */
const commands: Readonly<Record<string, (input: Input) => string>> = {
  // The chart's own rows; there is no command for a whole screen.
  'overview.get': ({ endpoint }) => `predictions list ${endpoint ?? 'ENDPOINT'}`,
  'system.status': () => 'status',
  'datasets.list': () => 'datasets list',
  'datasets.get': ({ name }) => `datasets versions ${name}`,
  'datasets.listVersions': ({ name }) => `datasets versions ${name}`,
  'datasets.getVersion': (input) => `datasets show ${at(input)}`,
  'datasets.profile': (input) => `datasets profile ${at(input)}`,
  'datasets.diff': (input) =>
    `datasets diff ${input.name}@${input.from} ${input.name}@${input.to}${option(input, 'key')}`,
  'features.list': () => 'features list',
  'features.get': (input) => `features show ${at(input)}`,
  'experiments.listExperiments': () => 'experiments list',
  'experiments.searchRuns': ({ experimentIds }) => `experiments show ${(experimentIds as string[])[0]}`,
  'experiments.getRun': ({ id }) => `runs show ${id}`,
  'jobs.list': () => 'jobs list',
  'jobs.get': ({ id }) => `jobs show ${id}`,
  'sweeps.list': () => 'sweeps list',
  'sweeps.get': ({ id }) => `sweeps show ${id}`,
  'registry.list': () => 'models list',
  'registry.get': ({ name }) => `models versions ${name}`,
  'registry.getVersion': (input) => `models show ${at(input)}`,
  'evaluation.list': () => 'evaluations list',
  'evaluation.get': ({ id }) => `evaluations show ${id}`,
  'endpoints.list': () => 'endpoints list',
  'endpoints.get': ({ name }) => `endpoints show ${name}`,
  'rollouts.list': () => 'rollouts list',
  'rollouts.get': ({ id }) => `rollouts show ${id}`,
  'monitoring.list': () => 'monitors list',
  'monitoring.get': ({ name }) => `monitors show ${name}`,
  'alerts.list': (input) => `alerts list${option(input, 'state')}`,
  'alerts.get': ({ id }) => `alerts show ${id}`,
  'retraining.list': () => 'loop list',
  'retraining.get': ({ id }) => `loop show ${id}`,
  'access.listTokens': () => 'tokens list',
  'access.listUsers': () => 'users list',
  'access.listAudit': (input) => `audit${option(input, 'subject')}`,
  'access.lineage': ({ uri }) => `lineage ${uri}`,
};

export const commandNames = (): readonly string[] => Object.keys(commands);

export function toCommand({ queryKey }: Asked): string | null {
  const [domain, method, input] = queryKey as [string, string, Input];
  const command = commands[`${domain}.${method}`];
  return command ? `tidemill ${command(input)}` : null;
}
