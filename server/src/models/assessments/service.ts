import type {
  Assessment,
  AssessmentKind,
  assessmentEndpoints,
  DatasetVersion,
  Evaluation,
  Input,
  ModelVersion,
  Page,
} from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { OpenRuntime } from '../../adapters/inference/inference.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { formatReference, toUri } from '../../base/references.ts';
import { quoteName } from '../../base/sql-text.ts';
import { createRandom } from '../../base/statistics/random.ts';
import type { Datasets } from '../../data/datasets/service.ts';
import type { Evaluations } from '../evaluation/service.ts';
import type { Registry } from '../registry/service.ts';
import { countsOf, type GroupCounts, judgeColumn } from './fairness.ts';
import { mostJudged } from './feature-power.ts';
import { timePredictions } from './latency.ts';
import { findLeakage } from './leakage.ts';
import { type ServedRow, withServedRows } from './served-rows.ts';
import { compareServed } from './skew.ts';
import { assessmentStore } from './store.ts';
import { type Table, toTable, typeIn } from './tables.ts';

export interface AssessmentsDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly analytics: Analytics;
  readonly datasets: Pick<Datasets, 'resolve' | 'source'>;
  readonly registry: Pick<Registry, 'resolve' | 'onnxFile' | 'pythonModel'>;
  readonly evaluations: Pick<Evaluations, 'list' | 'get'>;
  readonly openRuntime: OpenRuntime;
  readonly tempFolder: string;
  /** The newest rows that an endpoint was asked to predict with this model: the wing above keeps them. */
  readonly servedRows: (
    request: { endpoint: string; model: string; rows: number },
    caller: Caller,
  ) => Promise<readonly ServedRow[]>;
}

type Contract = typeof assessmentEndpoints;
type Findings = Partial<Pick<Assessment, AssessmentKind>>;

const kinds: readonly AssessmentKind[] = ['leakage', 'fairness', 'latency', 'skew'];
const mostServed = 100_000;
const timedRows = 1000;
const searchedEvaluations = 50;
const defaults = { threshold: 0.99, predictions: 1000 };
const neverAborted = new AbortController().signal;

/** What is measured of a version beside its evaluations; each is kept, and gates read the newest. */
export function createAssessments(deps: AssessmentsDependencies) {
  const { db, registry, datasets, evaluations, analytics, changes, clock } = deps;

  const resolve = ({ name, version }: { name: string; version: string }, caller: Caller) =>
    registry.resolve(formatReference(name, version), caller.workspace);

  async function record(
    version: ModelVersion,
    kind: AssessmentKind,
    findings: Findings,
    notes: readonly string[],
    caller: Caller,
  ): Promise<Assessment> {
    const assessment: Assessment = {
      ...{ id: newId('as'), model: version.reference, kind },
      ...{ leakage: null, fairness: null, latency: null, skew: null },
      ...findings,
      notes: [...notes],
      ...{ createdAt: clock.now(), createdBy: caller.actor },
    };
    const { workspace } = caller;
    const { model, version: number } = version;
    await changes.run(caller, async (tx, note) => {
      await assessmentStore(tx).insert({ workspace, model, version: number }, assessment);
      note({ action: 'model.assessed', subject: version.uri, detail: { assessment: assessment.id, kind } });
    });
    return assessment;
  }

  const tableOf = async (version: DatasetVersion): Promise<Table> =>
    toTable(version, await datasets.source(version));

  /** @throws assessmentInvalid where it was not said and is not known */
  async function trainingSetOf(
    version: ModelVersion,
    train: string | undefined,
    kind: AssessmentKind,
    caller: Caller,
  ): Promise<DatasetVersion> {
    const reference = train ?? version.trainingSet;
    if (reference !== null) return datasets.resolve(reference, caller.workspace);
    throw errors.assessmentInvalid({
      ...{ model: version.reference, kind, reason: 'what it learned from is not known' },
      remedy: "Name the dataset version in 'train' (--train DATASET@N)",
    });
  }

  function assertColumns(version: ModelVersion, { reference, columns }: Table): void {
    const known = columns.map(({ name }) => name);
    const missing = version.inputs.map(({ name }) => name).filter((name) => !known.includes(name));
    if (missing.length === 0 && version.inputs.length > 0) return;
    throw errors.evaluationInputsMissing({
      ...{ model: version.reference, dataset: reference, known: known.join(', ') },
      missing: missing.join(', ') || '(its signature names none)',
    });
  }

  async function findSliced(
    version: ModelVersion,
    columns: readonly string[],
    id: string | undefined,
    caller: Caller,
  ): Promise<Evaluation> {
    const model = version.reference;
    const hasSlices = ({ slices }: Evaluation) =>
      columns.every((name) => slices.some(({ column }) => column === name));
    const remedy = `Evaluate it as binary with these columns as slices: --task binary --slices ${columns.join(',')}`;
    if (id !== undefined) {
      const found = await evaluations.get({ id }, caller);
      if (found.model !== model)
        throw errors.gateEvaluationMismatch({
          model,
          evaluation: id,
          found: found.model ?? 'a table of predictions',
        });
      if (found.task === 'binary' && hasSlices(found)) return found;
      const sliced = [...new Set(found.slices.map(({ column }) => column))].join(', ') || 'none';
      const reason = `${id} is of task ${found.task}, with slices of ${sliced}`;
      throw errors.assessmentInvalid({ model, kind: 'fairness', reason, remedy });
    }
    const { items } = await evaluations.list({ model, task: 'binary', limit: searchedEvaluations }, caller);
    for (const summary of items) {
      const found = await evaluations.get({ id: summary.id }, caller);
      if (hasSlices(found)) return found;
    }
    const reason = `none of its newest ${items.length} binary evaluations judged ${columns.join(', ')} as slices`;
    throw errors.assessmentInvalid({ model, kind: 'fairness', reason, remedy });
  }

  async function open(version: ModelVersion) {
    if (!version.flavors.includes('onnx') && version.flavors.includes('python_function'))
      return deps.openRuntime({ kind: 'python', ...(await registry.pythonModel(version)) });
    const { path } = await registry.onnxFile(version);
    return deps.openRuntime({ kind: 'onnx', model: version.reference, path });
  }

  return {
    async assessLeakage(
      { name, version: number, ...input }: Input<Contract['assessLeakage']>,
      caller: Caller,
      signal: AbortSignal = neverAborted,
    ): Promise<Assessment> {
      const version = await resolve({ name, version: number }, caller);
      const [trained, tested] = [
        await trainingSetOf(version, input.train, 'leakage', caller),
        await datasets.resolve(input.test, caller.workspace),
      ];
      const pair = { analytics, train: await tableOf(trained), other: await tableOf(tested), signal };
      if (input.columns === undefined)
        for (const table of [pair.train, pair.other]) assertColumns(version, table);
      const { featureTimes = [], labelTime = null } = input;
      if (featureTimes.length > 0 && labelTime === null)
        throw errors.assessmentInvalid({
          ...{ model: version.reference, kind: 'leakage' },
          reason: 'times of features are held against that of the label, which is not named',
          remedy: "Name its column in 'labelTime' (--label-time COLUMN)",
        });
      const has = (table: Table, column: string) => table.columns.some((each) => each.name === column);
      const inRecipe = version.recipe?.target;
      const target = input.target ?? (typeof inRecipe === 'string' ? inRecipe : null);
      if (target !== null) typeIn(pair.train, target);
      const isTimed = [pair.train, pair.other].every((table) => has(table, 'event_time'));
      const timeColumn = input.timeColumn ?? (isTimed ? 'event_time' : null);
      const leakage = await findLeakage(pair, {
        columns: [...new Set(input.columns ?? version.inputs.map((each) => each.name))],
        key: input.key ?? null,
        ...{ target, timeColumn, featureTimes, labelTime, threshold: input.threshold ?? defaults.threshold },
      });
      const notes = [
        ...(target === null ? ['No feature was held against the label: name it in `target`.'] : []),
        ...(timeColumn === null
          ? ['The order of time was not looked at: name its column in `timeColumn`.']
          : []),
        ...(input.key ? [] : ['Entities were not compared: name their columns in `key`.']),
        ...(trained.rows > mostJudged && target !== null
          ? [`The powers of features are of ${mostJudged} rows drawn from ${trained.rows}, always the same.`]
          : []),
        ...(trained.provenance.kind === 'training-set'
          ? [
              `${trained.reference} was joined as of the time of each row: its views gave no value that was not known then.`,
            ]
          : []),
      ];
      return record(version, 'leakage', { leakage }, notes, caller);
    },

    async assessFairness(
      { name, version: number, columns, evaluation: id }: Input<Contract['assessFairness']>,
      caller: Caller,
    ): Promise<Assessment> {
      const version = await resolve({ name, version: number }, caller);
      const evaluation = await findSliced(version, columns, id, caller);
      const random = createRandom(1);
      const judged = [...new Set(columns)].map((column) => {
        const slices = evaluation.slices.filter((slice) => slice.column === column);
        const counts = slices.filter(({ rows }) => rows > 0).map(countsOf);
        if (counts.every((each): each is GroupCounts => each !== null))
          return judgeColumn(column, counts, random);
        throw errors.assessmentInvalid({
          ...{ model: version.reference, kind: 'fairness' },
          reason: `the slices of '${column}' in ${evaluation.id} do not say how many rows were called positive`,
          remedy: 'Evaluate again, without weights',
        });
      });
      const small = judged.flatMap(({ column, groups }) =>
        groups
          .filter((group) => group.small)
          .map((group) => `${column} = ${group.group} (${group.rows} rows)`),
      );
      const single = judged.filter(({ groups }) => groups.length < 2).map(({ column }) => column);
      const notes = [
        ...(small.length > 0
          ? [`Small groups, whose rates say little, count in the gaps too: ${small.slice(0, 10).join(', ')}.`]
          : []),
        ...(single.length > 0 ? [`There is one group only, and so no gap, in ${single.join(', ')}.`] : []),
      ];
      const fairness = { evaluation: evaluation.id, dataset: evaluation.dataset, columns: judged };
      return record(version, 'fairness', { fairness }, notes, caller);
    },

    async assessLatency(
      { name, version: number, dataset, predictions }: Input<Contract['assessLatency']>,
      caller: Caller,
      signal: AbortSignal = neverAborted,
    ): Promise<Assessment> {
      const version = await resolve({ name, version: number }, caller);
      const rows = await trainingSetOf(version, dataset, 'latency', caller);
      const table = await tableOf(rows);
      assertColumns(version, table);
      const names = version.inputs.map((input) => input.name);
      const parts = names.map((input, i) => `cast(${quoteName(input)} as double) as c${i}`);
      const read = await analytics.columns({
        sql: `select ${parts.join(', ')} from timed limit ${timedRows}`,
        tables: { timed: table.source },
        signal,
      });
      if (read.rowCount === 0)
        throw errors.assessmentInvalid({
          ...{ model: version.reference, kind: 'latency', reason: `${rows.reference} is empty` },
          remedy: "Name a dataset version with rows in 'dataset' (--dataset DATASET@N)",
        });
      const runtime = await open(version);
      try {
        const columns = read.values as readonly Float64Array[];
        const wanted = predictions ?? defaults.predictions;
        const timed = await timePredictions(runtime, { names, columns, rows: read.rowCount }, wanted, signal);
        const notes =
          timed.predictions < wanted
            ? [`It ended after ${timed.predictions} of ${wanted} predictions, when 20 seconds were over.`]
            : [];
        const latency = { dataset: rows.reference, ...timed };
        return await record(version, 'latency', { latency }, notes, caller);
      } finally {
        await runtime.close();
      }
    },

    async assessSkew(
      { name, version: number, served, endpoint, train, key }: Input<Contract['assessSkew']>,
      caller: Caller,
      signal: AbortSignal = neverAborted,
    ): Promise<Assessment> {
      const version = await resolve({ name, version: number }, caller);
      const model = version.reference;
      if ((served === undefined) === (endpoint === undefined))
        throw errors.assessmentInvalid({
          ...{ model, kind: 'skew' },
          reason: served === undefined ? 'it names no served rows' : 'it names two tables of served rows',
          remedy:
            "Name a dataset version in 'served' (--served DATASET@N), or an 'endpoint' (--endpoint NAME)",
        });
      const trained = await trainingSetOf(version, train, 'skew', caller);
      const trainTable = await tableOf(trained);
      assertColumns(version, trainTable);
      const features = version.inputs.map((input) => input.name);
      const compare = async (other: Table, notes: readonly string[]) => {
        assertColumns(version, other);
        if (other.rows === 0)
          throw errors.assessmentInvalid({
            ...{ model, kind: 'skew', reason: `${other.reference} has no row` },
            remedy: 'Predict first, or name other rows',
          });
        const skew = await compareServed(
          { analytics, train: trainTable, other, signal },
          features,
          key ?? null,
        );
        return record(version, 'skew', { skew }, notes, caller);
      };
      if (served !== undefined) {
        return compare(await tableOf(await datasets.resolve(served, caller.workspace)), []);
      }
      const rows = await deps.servedRows({ endpoint: endpoint ?? '', model, rows: mostServed }, caller);
      const uri = toUri('endpoint', endpoint ?? '');
      return withServedRows(deps.tempFolder, uri, trainTable, features, rows, (table) =>
        compare(table, [`The newest ${rows.length} rows that ${model} was asked about.`]),
      );
    },

    /** Newest first. */
    async listAssessments(
      { name, version: number, kind }: Input<Contract['listAssessments']>,
      caller: Caller,
    ): Promise<Page<Assessment>> {
      const { model, version, reference } = await resolve({ name, version: number }, caller);
      const key = { workspace: caller.workspace, model, version };
      return { items: await assessmentStore(db).list(key, reference, 100, kind), nextCursor: null };
    },

    /** The newest of each kind, for gates. */
    async newest({ model, version, reference }: ModelVersion, workspace: string): Promise<Findings> {
      const key = { workspace, model, version };
      const found = await Promise.all(
        kinds.map(async (kind) => {
          const [newest] = await assessmentStore(db).list(key, reference, 1, kind);
          return [kind, newest?.[kind] ?? null] as const;
        }),
      );
      return Object.fromEntries(found) as Findings;
    },

    renameIn: (tx: Db, workspace: string, name: string, to: string): Promise<void> =>
      assessmentStore(tx).rename(workspace, name, to),
  };
}

export type Assessments = ReturnType<typeof createAssessments>;
