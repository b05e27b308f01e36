import { type Static, Type } from 'typebox';
import { byId, Name, strict, Timestamp } from './common.ts';
import { DatasetVersion } from './datasets.ts';
import { endpoints } from './endpoint.ts';
import { versionBindings } from './feature-views.ts';

/** References of views, whose features are all taken. */
export const trainingViews = Type.Array(Type.String(), { minItems: 1, maxItems: 50 });

export const TrainingSetRequest = {
  name: Name,
  entities: Type.String({
    minLength: 1,
    maxLength: 50_000,
    description:
      "SQL giving entity key columns and the event time, or the dataset version that holds them ('orders@3'); entity rows are never dropped, multiplied or reordered",
  }),
  eventTime: Type.Optional(
    Type.String({ minLength: 1, maxLength: 128, description: 'column of the entities; default event_time' }),
  ),
  views: Type.Optional(trainingViews),
  service: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description:
        "instead of views: a feature service ('churn@2'); the entities bring what its expressions read of the request",
    }),
  ),
  label: Type.Optional(
    strict({
      sql: Type.String({
        description: 'SQL giving entity keys, event time, the label column and when it became known',
      }),
      eventTime: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 128,
          description:
            'column of the SQL: the time of the entity row that the label is of; default event_time',
        }),
      ),
      column: Type.String(),
      knownAt: Type.String({ description: 'column of the SQL: when the label became known' }),
    }),
  ),
  asOf: Type.Optional(
    Type.String({
      description:
        'ISO time T: rows whose label became known later are excluded, and so are feature values created later',
    }),
  ),
  bitemporal: Type.Optional(
    Type.Boolean({ description: 'default true: a value counts only from when it was created' }),
  ),
  statuses: Type.Optional(
    Type.Boolean({
      description:
        'adds a column VIEW__status to each view: PRESENT, NULL_VALUE, NOT_FOUND or OUTSIDE_MAX_AGE',
    }),
  ),
  bindings: versionBindings,
  message: Type.Optional(Type.String()),
};
export const TrainingSetDefinition = strict(TrainingSetRequest);
export type TrainingSetDefinition = Static<typeof TrainingSetDefinition>;

/** A training set on its way: known to the process that builds it, for as long as it does. */
export const TrainingSetBuild = Type.Object({
  id: Type.String(),
  name: Type.String({ description: 'of the dataset that it becomes a version of' }),
  createdBy: Type.String(),
  startedAt: Timestamp,
  step: Type.String({ description: 'what is done now: joining price_stats@2' }),
  done: Type.Integer({ description: 'steps that are done' }),
  steps: Type.Integer({ description: 'all of them' }),
});
export type TrainingSetBuild = Static<typeof TrainingSetBuild>;

export const trainingSetEndpoints = endpoints({
  createTrainingSet: {
    method: 'POST',
    path: '/api/v1/training-sets',
    permission: 'write',
    summary: 'Build a point-in-time correct training set; it is a dataset version',
    body: TrainingSetDefinition,
    reply: Type.Intersect([DatasetVersion, Type.Object({ unchanged: Type.Boolean() })]),
    status: 201,
  },
  listTrainingSetBuilds: {
    method: 'GET',
    path: '/api/v1/training-sets/builds',
    permission: 'read',
    summary: 'Training sets that are being built, newest first; closing the request that builds one stops it',
    query: strict({ name: Type.Optional(Type.String()) }),
    reply: Type.Object({ items: Type.Array(TrainingSetBuild) }),
  },
  cancelTrainingSetBuild: {
    method: 'POST',
    path: '/api/v1/training-sets/builds/:id/cancel',
    permission: 'write',
    summary:
      'Stop the build of a training set; whoever waits for it is told by whom, and nothing is left of it',
    params: byId,
    body: strict({}),
    reply: TrainingSetBuild,
  },
});
