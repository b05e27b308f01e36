import type {
  CardText,
  cardsEndpoints,
  Download,
  Input,
  LineageEdge,
  ModelCard,
  ModelVersion,
} from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Lineage } from '../../access/lineage/service.ts';
import type { Owners } from '../../access/owners/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { ifThere } from '../../base/if-there.ts';
import { formatReference, toUri } from '../../base/references.ts';
import type { Datasets } from '../../data/datasets/service.ts';
import type { Experiments } from '../../training/experiments/service.ts';
import type { Evaluations } from '../evaluation/service.ts';
import type { Governance } from '../governance/service.ts';
import type { Registry } from '../registry/service.ts';
import type { Scores } from '../scores/service.ts';
import { toHtml } from './html.ts';
import { toMarkdown } from './markdown.ts';
import { cardFields, noText, unwrittenOf } from './rules.ts';
import { sectionsOf } from './sections.ts';
import { cardStore } from './store.ts';

export interface CardsDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly changes: Changes;
  readonly lineage: Pick<Lineage, 'lineage' | 'users'>;
  readonly owners: Pick<Owners, 'ownerOf'>;
  readonly registry: Pick<Registry, 'resolve' | 'get'>;
  readonly evaluations: Pick<Evaluations, 'list'>;
  readonly governance: Pick<Governance, 'getGate' | 'listChecks' | 'listApprovals'>;
  readonly scores: Pick<Scores, 'of'>;
  readonly datasets: Pick<Datasets, 'resolve'>;
  readonly experiments: Pick<Experiments, 'getRun'>;
}

type Contract = typeof cardsEndpoints;

const shownEvaluations = 5;
const shownChecks = 20;
const shownUsers = 100;
const lineageDepth = 6;

/** Model cards: made from what is known, but for what only people know. */
export function createCards(deps: CardsDependencies) {
  const { db, clock, changes, owners, lineage, registry, evaluations, governance, datasets, experiments } =
    deps;

  /** Where nobody wrote who answers for it, the owner who was named does. */
  async function textOf(workspace: string, model: string): Promise<CardText> {
    const text = (await cardStore(db).find(workspace, model)) ?? noText;
    return text.owner === ''
      ? { ...text, owner: (await owners.ownerOf(workspace, toUri('model', model))) ?? '' }
      : text;
  }

  async function trainingSetOf(
    { trainingSet }: ModelVersion,
    workspace: string,
  ): Promise<ModelCard['trainingSet']> {
    const version = trainingSet === null ? null : await ifThere(datasets.resolve(trainingSet, workspace));
    if (!version) return null;
    const { reference, digest, rows, columns, provenance, createdAt } = version;
    const { kind, inputs } = provenance;
    return { reference, digest, rows, columns: columns.map(({ name }) => name), kind, inputs, createdAt };
  }

  async function runOf({ runId }: ModelVersion, caller: Caller): Promise<ModelCard['run']> {
    const run = runId === null ? null : await ifThere(experiments.getRun({ id: runId }, caller));
    if (!run) return null;
    const { id, name, user, startedAt, endedAt, parameters, tags } = run;
    return {
      id,
      name,
      user,
      startedAt,
      endedAt,
      parameters,
      commit: tags['mlflow.source.git.commit'] ?? null,
    };
  }

  async function make(version: ModelVersion, caller: Caller): Promise<ModelCard> {
    const { workspace } = caller;
    const key = { name: version.model, version: String(version.version) };
    const text = await textOf(workspace, version.model);
    const { items } = await evaluations.list({ model: version.reference, limit: shownEvaluations }, caller);
    const { upstream } = await lineage.lineage({ uri: version.uri, depth: lineageDepth }, caller);
    return {
      version,
      bytes: version.files.reduce((sum, file) => sum + file.size, 0),
      text,
      unwritten: unwrittenOf(text),
      users: (await lineage.users(workspace, version.uri, { limit: shownUsers, depth: 1 })).users,
      trainingSet: await trainingSetOf(version, workspace),
      run: await runOf(version, caller),
      recipe: version.recipe,
      evaluations: items,
      gate: await ifThere(governance.getGate({ name: version.model }, caller)),
      checks: (await governance.listChecks(key, caller)).items.slice(0, shownChecks),
      score: await deps.scores.of(version, caller),
      decisions: (await governance.listApprovals(key, caller)).items,
      lineage: distinct(upstream),
    };
  }

  const find = (input: { name: string; version: string }, caller: Caller): Promise<ModelVersion> =>
    registry.resolve(formatReference(input.name, input.version), caller.workspace);

  return {
    /** @throws modelNotFound, modelVersionNotFound */
    get: async (input: Input<Contract['get']>, caller: Caller): Promise<ModelCard> =>
      make(await find(input, caller), caller),

    /** The card as one file to keep or to send. @throws modelNotFound, modelVersionNotFound */
    async getDocument(input: Input<Contract['getDocument']>, caller: Caller): Promise<Download> {
      const card = await make(await find(input, caller), caller);
      const { reference, model, version } = card.version;
      const sections = sectionsOf(card);
      const isHtml = input.format === 'html';
      const bytes = Buffer.from(isHtml ? toHtml(reference, sections) : toMarkdown(reference, sections));
      return {
        content: (async function* () {
          yield bytes;
        })(),
        size: bytes.length,
        mediaType: isHtml ? 'text/html; charset=utf-8' : 'text/markdown; charset=utf-8',
        fileName: `${model.replace(/[^\w.-]+/g, '_')}-${version}-card.${isHtml ? 'html' : 'md'}`,
      };
    },

    /** @throws modelNotFound */
    async getText({ name }: Input<Contract['getText']>, caller: Caller): Promise<CardText> {
      await registry.get({ name }, caller);
      return textOf(caller.workspace, name);
    },

    /** Fields that are not given stay. @throws modelNotFound, cardTextChanged when somebody wrote since */
    async putText(
      { name, since, ...written }: Input<Contract['putText']>,
      caller: Caller,
    ): Promise<CardText> {
      await registry.get({ name }, caller);
      const named = await owners.ownerOf(caller.workspace, toUri('model', name));
      return changes.run(caller, async (tx, record) => {
        const store = cardStore(tx);
        await store.lock(caller.workspace, name);
        const { updatedAt, updatedBy, ...before } = (await store.find(caller.workspace, name)) ?? noText;
        if (since !== undefined && since !== updatedAt)
          throw errors.cardTextChanged({ model: name, by: updatedBy ?? 'nobody' });
        const fields = { ...before, ...written };
        // Who only sends back the name that was shown has not written it.
        if (before.owner === '' && fields.owner === named) fields.owner = '';
        const changed = cardFields.filter((field) => fields[field] !== before[field]);
        if (changed.length === 0) return { ...before, updatedAt, updatedBy };
        // Two changes within one millisecond are told apart by it.
        const now = Math.max(clock.now(), (updatedAt ?? 0) + 1);
        await store.save(caller.workspace, name, fields, now, caller.actor);
        const was = Object.fromEntries(changed.map((field) => [field, before[field]]));
        record({ action: 'model.described', subject: toUri('model', name), detail: { changed, was } });
        return { ...fields, updatedAt: now, updatedBy: caller.actor };
      });
    },

    renameIn: (tx: Db, workspace: string, name: string, to: string): Promise<void> =>
      cardStore(tx).rename(workspace, name, to),
  };
}

export type Cards = ReturnType<typeof createCards>;

function distinct(edges: readonly LineageEdge[]): ModelCard['lineage'] {
  const met = new Map(
    edges.map(({ from, to, relation }) => [`${from}\n${relation}\n${to}`, { from, to, relation }]),
  );
  return [...met.values()].slice(0, 500);
}
