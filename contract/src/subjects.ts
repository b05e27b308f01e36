import { type Static, Type } from 'typebox';
import { byId, literals, nullable, page, pageQuery, strict, Timestamp } from './common.ts';
import { endpoints } from './endpoint.ts';

/** Control characters are no part of a key. */
const Text = Type.String({ pattern: '^[^\\p{Cc}]{1,1000}$' });

export const SubjectKey = Type.Record(Type.String({ pattern: '^[^\\p{Cc}]{1,200}$' }), Text, {
  minProperties: 1,
  maxProperties: 8,
  description:
    'columns and their values as text: { "customer": "42" }; all of them name the subject together',
});
export type SubjectKey = Static<typeof SubjectKey>;

/** Something that holds rows of a subject. */
export const SubjectPlace = Type.Object({
  what: Type.String({ description: 'dataset:orders@3, view:spend@1, endpoint:churn' }),
  rows: Type.Integer(),
  oldDigest: Type.Optional(Type.String({ description: 'of a dataset version, before its rows were erased' })),
  newDigest: Type.Optional(Type.String()),
});
export type SubjectPlace = Static<typeof SubjectPlace>;

export const SubjectFindings = Type.Object({
  columns: Type.Array(Type.String()),
  holders: Type.Array(
    Type.Object({
      holder: Type.String({ description: 'datasets, online, predictions, …' }),
      places: Type.Array(SubjectPlace),
      rows: Type.Integer(),
      error: nullable(Type.String({ description: 'why it cannot say' })),
    }),
  ),
  rows: Type.Integer(),
  models: Type.Array(Type.String(), {
    description: 'uris of versions that learned from these rows: their weights stay as they are',
  }),
  derived: Type.Array(Type.String(), {
    description:
      'versions made of those rows that lack the key columns, so that nothing in them is found by it',
  }),
  remains: Type.Array(Type.String(), { description: 'what no erasure reaches' }),
});
export type SubjectFindings = Static<typeof SubjectFindings>;

export const ErasureHolder = Type.Object({
  holder: Type.String(),
  state: literals('waiting', 'erased'),
  attempts: Type.Integer(),
  error: nullable(Type.String({ description: 'of the last attempt; it is tried again' })),
  places: Type.Array(SubjectPlace),
  rows: Type.Integer(),
  kept: Type.Integer({ description: 'files that hold such rows and stay, as others name them' }),
  acknowledgedAt: nullable(Timestamp),
});
export type ErasureHolder = Static<typeof ErasureHolder>;

export const Erasure = Type.Object({
  id: Type.String(),
  columns: Type.Array(Type.String()),
  /** While it runs; afterwards only a salted digest of it is kept. */
  key: nullable(Type.Record(Type.String(), Type.String())),
  reason: Type.String(),
  state: literals('running', 'done'),
  holders: Type.Array(ErasureHolder),
  waiting: Type.Array(Type.String(), { description: 'holders that have not acknowledged yet' }),
  rows: Type.Integer(),
  models: Type.Array(Type.String()),
  derived: Type.Array(Type.String()),
  remains: Type.Array(Type.String()),
  createdAt: Timestamp,
  createdBy: Type.String(),
  finishedAt: nullable(Timestamp),
});
export type Erasure = Static<typeof Erasure>;

const keyBody = { key: SubjectKey };

export const subjectsEndpoints = endpoints({
  locate: {
    method: 'POST',
    path: '/api/v1/subjects/locate',
    permission: 'admin',
    summary: 'Where rows of a subject are, and which models learned from them; changes nothing',
    body: strict(keyBody),
    reply: SubjectFindings,
  },
  erase: {
    method: 'POST',
    path: '/api/v1/subjects/erasures',
    permission: 'admin',
    summary:
      'Erase a subject from every dataset version, the online store and the prediction log; each holder acknowledges. Of the same subject there is one erasure at a time',
    body: strict({
      ...keyBody,
      reason: Type.String({ minLength: 1, maxLength: 2000 }),
      confirm: Type.Literal(true, { description: 'rows that are erased cannot be brought back' }),
    }),
    reply: Type.Intersect([Erasure, Type.Object({ wasRunning: Type.Boolean() })]),
    status: 202,
  },
  list: {
    method: 'GET',
    path: '/api/v1/subjects/erasures',
    permission: 'admin',
    summary: 'List erasures, newest first',
    query: strict(pageQuery),
    reply: page(Erasure),
  },
  get: {
    method: 'GET',
    path: '/api/v1/subjects/erasures/:id',
    permission: 'admin',
    summary: 'How far an erasure is: who has erased what, and who has not yet',
    params: byId,
    reply: Erasure,
  },
});
