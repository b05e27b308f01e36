import { type Static, Type } from 'typebox';
import { byModel, byModelVersion, Json, literals, nullable, strict, Timestamp } from './common.ts';
import { endpoints } from './endpoint.ts';
import { EvaluationSummary } from './evaluations.ts';
import { ApprovalRecord, Gate, GateCheck, ModelVersion } from './models.ts';
import { TestScore } from './test-scores.ts';

const text = (description: string) =>
  Type.Optional(
    Type.String({ maxLength: 20_000, description: `${description}; Markdown, empty when nobody wrote it` }),
  );

/** What only people know of a model: every version's card shows it. */
export const CardTextFields = {
  owner: text('who answers for it'),
  consumers: text('who relies on it'),
  intendedUse: text('what it is for, and for whom'),
  outOfScope: text('what it must not be used for'),
  limits: text('where it is known to be wrong'),
  ethics: text('whom it may harm, and what is done about it'),
};

export const CardText = Type.Object({
  ...Type.Required(Type.Object(CardTextFields)).properties,
  updatedAt: nullable(Timestamp),
  updatedBy: nullable(Type.String()),
});
export type CardText = Static<typeof CardText>;

/** All that is known of a model version, made anew from the records at each call. */
export const ModelCard = Type.Object({
  version: ModelVersion,
  bytes: Type.Integer({ description: 'of the model folder' }),
  text: CardText,
  unwritten: Type.Array(Type.String(), { description: 'fields of the text that nobody has written yet' }),
  users: Type.Array(Type.String(), { description: 'uris of what uses it now, such as endpoints' }),
  trainingSet: nullable(
    Type.Object({
      reference: Type.String(),
      digest: Type.String(),
      rows: Type.Integer(),
      columns: Type.Array(Type.String()),
      kind: Type.String({ description: 'how the version came to be' }),
      inputs: Type.Array(Type.String(), { description: 'uris of what it was made from' }),
      createdAt: Timestamp,
    }),
  ),
  run: nullable(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      user: Type.String(),
      startedAt: Timestamp,
      endedAt: nullable(Timestamp),
      parameters: Type.Record(Type.String(), Type.String()),
      commit: nullable(Type.String({ description: 'of the code, where the run tells' })),
    }),
  ),
  recipe: nullable(Json),
  evaluations: Type.Array(EvaluationSummary, { description: 'the newest five' }),
  gate: nullable(Gate),
  checks: Type.Array(GateCheck, { description: 'newest first, at most 20' }),
  score: TestScore,
  decisions: Type.Array(ApprovalRecord, { description: 'newest first' }),
  lineage: Type.Array(Type.Object({ from: Type.String(), to: Type.String(), relation: Type.String() }), {
    description: 'what it came from, nearest first',
  }),
});
export type ModelCard = Static<typeof ModelCard>;

export const cardsEndpoints = endpoints({
  get: {
    method: 'GET',
    path: '/api/v1/models/:name/versions/:version/card',
    permission: 'read',
    resource: 'model:{name}',
    summary: 'The card of a model version: data, metrics, gate, decisions, lineage, and what people wrote',
    params: byModelVersion,
    reply: ModelCard,
  },
  getDocument: {
    method: 'GET',
    path: '/api/v1/models/:name/versions/:version/card/document',
    permission: 'read',
    resource: 'model:{name}',
    summary: 'The card as a page to read',
    params: byModelVersion,
    query: strict({ format: Type.Optional(literals('markdown', 'html')) }),
    download: true,
  },
  getText: {
    method: 'GET',
    path: '/api/v1/models/:name/card-text',
    permission: 'read',
    resource: 'model:{name}',
    summary: 'What people wrote about a model',
    params: byModel,
    reply: CardText,
  },
  putText: {
    method: 'PUT',
    path: '/api/v1/models/:name/card-text',
    permission: 'write',
    resource: 'model:{name}',
    summary: 'Write about a model; fields that are not given stay as they are',
    params: byModel,
    body: strict({
      ...CardTextFields,
      since: Type.Optional(
        nullable(
          Type.Integer({
            description: 'updatedAt of the text that was changed; refused when somebody wrote since',
          }),
        ),
      ),
    }),
    reply: CardText,
  },
});
