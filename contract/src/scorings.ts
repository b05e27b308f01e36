import { type Static, Type } from 'typebox';
import { byId, literals, Name, nullable, page, pageQuery, Reference, strict, Timestamp } from './common.ts';
import { endpoints } from './endpoint.ts';

export const ScoringState = literals('queued', 'running', 'succeeded', 'failed', 'cancelled');

export const Scoring = Type.Object({
  id: Type.String(),
  endpoint: nullable(Type.String()),
  model: Type.String({ description: 'forecaster@3' }),
  dataset: Type.String({ description: 'prices@3' }),
  output: Type.String({ description: 'the dataset that gets the version' }),
  state: ScoringState,
  /** Rows of the dataset, and how many of them are done. */
  rows: Type.Integer(),
  done: Type.Integer(),
  result: nullable(Type.String({ description: 'scored@1: the columns of the dataset, and the predictions' })),
  unscored: nullable(
    Type.Integer({ description: 'rows without a prediction; their column `problem` says why' }),
  ),
  rowsPerSecond: nullable(Type.Number()),
  error: nullable(Type.String()),
  createdAt: Timestamp,
  createdBy: Type.String(),
  finishedAt: nullable(Timestamp),
});
export type Scoring = Static<typeof Scoring>;

export const scoringsEndpoints = endpoints({
  create: {
    method: 'POST',
    path: '/api/v1/scorings',
    permission: 'write',
    summary:
      'Predict every row of a dataset version as a task; the result is a version with its columns and the predictions',
    body: strict({
      endpoint: Type.Optional(Name),
      model: Type.Optional(Reference),
      dataset: Reference,
      output: Name,
      /** Name of the column of predictions; `prediction` where none is given. */
      column: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
      message: Type.Optional(Type.String({ maxLength: 2000 })),
    }),
    reply: Scoring,
    status: 201,
  },
  get: {
    method: 'GET',
    path: '/api/v1/scorings/:id',
    permission: 'read',
    summary: 'Get a batch scoring with its progress or its result',
    params: byId,
    reply: Scoring,
  },
  list: {
    method: 'GET',
    path: '/api/v1/scorings',
    permission: 'read',
    summary: 'List batch scorings, newest first',
    query: strict(pageQuery),
    reply: page(Scoring),
  },
  cancel: {
    method: 'POST',
    path: '/api/v1/scorings/:id/cancel',
    permission: 'write',
    summary: 'End a batch scoring that is not done; nothing of it is kept',
    params: byId,
    reply: Scoring,
  },
});
