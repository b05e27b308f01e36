/** What was recorded, in the words of OpenLineage (https://openlineage.io, spec 2-0-2): pure. */
import { createHash } from 'node:crypto';
import type { DatasetVersion, LineageEdge, Run } from '@tidemill/contract';

export interface Facet {
  readonly _producer: string;
  readonly _schemaURL: string;
  readonly [field: string]: unknown;
}

type Facets = Readonly<Record<string, Facet>>;

interface OpenDataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets: Facets;
  readonly outputFacets?: Facets;
}

export interface RunEvent {
  readonly eventType: 'START' | 'COMPLETE' | 'FAIL' | 'ABORT';
  readonly eventTime: string;
  readonly producer: string;
  readonly schemaURL: string;
  readonly run: { readonly runId: string; readonly facets: Facets };
  readonly job: { readonly namespace: string; readonly name: string; readonly facets: Facets };
  readonly inputs: readonly OpenDataset[];
  readonly outputs: readonly OpenDataset[];
}

/** Something that came to be, with what it was made of. */
export interface Made {
  readonly uri: string;
  readonly kind: string;
  readonly createdAt: number;
  readonly from: readonly LineageEdge[];
  /** Of a run: what came of it. */
  readonly to: readonly LineageEdge[];
  readonly run: Run | null;
}

export interface Surroundings {
  readonly workspace: string;
  readonly version: string;
  /** Those of the things that are dataset versions which are still there. */
  readonly versions: ReadonlyMap<string, DatasetVersion>;
}

const specification = 'https://openlineage.io/spec';
const eventSchema = `${specification}/2-0-2/OpenLineage.json#/$defs/RunEvent`;
/** The versions of the facets that are written. */
const facetVersions = {
  SchemaDatasetFacet: '1-2-0',
  DatasourceDatasetFacet: '1-0-1',
  DatasetVersionDatasetFacet: '1-0-1',
  OutputStatisticsOutputDatasetFacet: '1-0-2',
  JobTypeJobFacet: '2-0-4',
  SourceCodeLocationJobFacet: '1-1-0',
  SQLJobFacet: '1-1-0',
  ProcessingEngineRunFacet: '1-1-1',
  ExecutionParametersRunFacet: '1-0-0',
} as const;

/** A run id is a UUID without dashes; what has no run of its own gets one of its uri, so a second export says the same. */
export function runIdOf(uri: string, workspace: string): string {
  const own = /^run:([0-9a-f]{32})$/.exec(uri)?.[1];
  return dashed(own ?? nameUuid(`${workspace}/${uri}`));
}

function nameUuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex').slice(0, 32);
  // Version 8: of the maker's own kind.
  return `${hex.slice(0, 12)}8${hex.slice(13, 16)}8${hex.slice(17)}`;
}

const dashed = (hex: string): string =>
  [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');

/** `dataset:prices@3` is version 3 of `dataset/prices`. */
function nameOf(uri: string): { name: string; version: string | null } {
  const colon = uri.indexOf(':');
  const kind = uri.slice(0, colon);
  const rest = uri.slice(colon + 1);
  const at = rest.lastIndexOf('@');
  const [name, version] = at > 0 ? [rest.slice(0, at), rest.slice(at + 1)] : [rest, null];
  return { name: `${kind}/${name.replaceAll('"', '')}`, version };
}

export function toEvents(made: Made, around: Surroundings): RunEvent[] {
  const producer = `urn:tidemill:${around.version}`;
  const namespace = `tidemill://${around.workspace}`;
  const facet = (name: keyof typeof facetVersions, fields: object): Facet => ({
    _producer: producer,
    _schemaURL: `${specification}/facets/${facetVersions[name]}/${name}.json#/$defs/${name}`,
    ...fields,
  });

  function dataset(uri: string): OpenDataset {
    const { name, version } = nameOf(uri);
    const found = around.versions.get(uri);
    return {
      namespace,
      name,
      facets: {
        dataSource: facet('DatasourceDatasetFacet', {
          name: namespace,
          uri: `${namespace}/${encodeURI(name)}${version === null ? '' : `@${encodeURIComponent(version)}`}`,
        }),
        ...(version !== null && {
          version: facet('DatasetVersionDatasetFacet', { datasetVersion: version }),
        }),
        ...(found && {
          schema: facet('SchemaDatasetFacet', {
            fields: found.columns.map((column) => ({ name: column.name, type: column.type })),
          }),
        }),
      },
    };
  }

  function output(uri: string): OpenDataset {
    const found = around.versions.get(uri);
    if (!found) return dataset(uri);
    const outputStatistics = facet('OutputStatisticsOutputDatasetFacet', {
      rowCount: found.rows,
      size: found.bytes,
    });
    return { ...dataset(uri), outputFacets: { outputStatistics } };
  }

  const { run } = made;
  const common = {
    producer,
    schemaURL: eventSchema,
    run: { runId: runIdOf(made.uri, around.workspace), facets: runFacets(run, around, facet) },
    job: { namespace, name: jobName(made, around), facets: jobFacets(made, around, facet) },
    inputs: [...new Set(made.from.map(({ from }) => from))].map(dataset),
    outputs: [...new Set(run ? made.to.map(({ to }) => to) : [made.uri])].map(output),
  };
  const at = (time: number) => new Date(time).toISOString();
  const start = { eventType: 'START' as const, eventTime: at(run?.startedAt ?? made.createdAt), ...common };
  const type = endOf(made);
  if (type === null) return [start];
  return [start, { ...common, eventType: type, eventTime: at(run?.endedAt ?? made.createdAt) }];
}

type MakeFacet = (name: keyof typeof facetVersions, fields: object) => Facet;

/** Null while it runs. What has no run was made in the moment it was recorded. */
function endOf({ kind, run }: Made): RunEvent['eventType'] | null {
  if (kind !== 'run') return 'COMPLETE';
  if (run === null) return 'COMPLETE';
  if (run.status === 'FINISHED') return 'COMPLETE';
  if (run.status === 'FAILED') return 'FAIL';
  return run.status === 'KILLED' ? 'ABORT' : null;
}

function jobName({ uri, kind, run, from }: Made, { versions }: Surroundings): string {
  if (run) return `experiment/${run.experimentId}`;
  const how = versions.get(uri)?.provenance.kind ?? from[0]?.relation ?? kind;
  return `${how}/${nameOf(uri).name}`;
}

function runFacets(run: Run | null, { version }: Surroundings, facet: MakeFacet): Facets {
  const parameters = Object.entries(run?.parameters ?? {}).map(([key, value]) => ({ key, value }));
  return {
    processing_engine: facet('ProcessingEngineRunFacet', { version, name: 'Tidemill' }),
    ...(parameters.length > 0 && {
      executionParameters: facet('ExecutionParametersRunFacet', { parameters }),
    }),
  };
}

function jobFacets({ uri, kind, run }: Made, { versions }: Surroundings, facet: MakeFacet): Facets {
  const sql = versions.get(uri)?.provenance.detail.sql;
  const jobType = kind === 'run' ? 'TRAINING' : kind.toUpperCase();
  return {
    jobType: facet('JobTypeJobFacet', { processingType: 'BATCH', integration: 'TIDEMILL', jobType }),
    ...(typeof sql === 'string' && { sql: facet('SQLJobFacet', { query: sql, dialect: 'duckdb' }) }),
    ...codeOf(run, facet),
  };
}

function codeOf(run: Run | null, facet: MakeFacet): Facets {
  const tag = (name: string) => run?.tags[`mlflow.source.git.${name}`];
  const version = tag('commit');
  if (!version) return {};
  const repository = tag('repoURL');
  const branch = tag('branch');
  const isWeb = repository !== undefined && /^https?:/.test(repository) && URL.canParse(repository);
  return {
    sourceCodeLocation: facet('SourceCodeLocationJobFacet', {
      type: 'git',
      url: isWeb ? `${repository.replace(/\.git$/, '')}/tree/${version}` : `urn:git:${version}`,
      ...(repository && { repoUrl: repository }),
      version,
      ...(branch && { branch }),
    }),
  };
}
