import { type Static, Type } from 'typebox';
import { Json, literals, nullable, page, pageQuery, strict, Timestamp } from './common.ts';
import { endpoints } from './endpoint.ts';

export const AuditEntry = Type.Object({
  id: Type.Integer(),
  at: Timestamp,
  actor: Type.String(),
  action: Type.String(),
  subject: Type.String(),
  detail: Json,
  position: nullable(Type.Integer({ description: 'in the chain, from 1; null until it is sealed' })),
  digest: nullable(
    Type.String({ description: 'sha256 over the digest of the entry before and that of this one' }),
  ),
});
export type AuditEntry = Static<typeof AuditEntry>;

/** What the first entry follows. */
export const auditGenesis = '0'.repeat(64);

/** An entry as it is sealed: `detail` is JSON as it was written. */
export interface SealedContent {
  readonly id: number;
  readonly at: number;
  readonly workspace: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: string;
}

/**
 * The text whose sha256 is an entry's content digest: its line of an export, up to its position.
 * @example
 * digest = sha256(previousDigest + sha256(auditContent(entry))), both in hex
 */
export const auditContent = ({ detail, ...entry }: SealedContent): string => {
  const { id, at, workspace, actor, action, subject } = entry;
  return `${JSON.stringify({ id, at, workspace, actor, action, subject }).slice(0, -1)},"detail":${detail}}`;
};

const filter = {
  subject: Type.Optional(
    Type.String({ maxLength: 400, description: 'uri of the thing; a * at its end takes all that begin so' }),
  ),
  action: Type.Optional(
    Type.String({ maxLength: 200, description: 'e.g. endpoint.released; model.* takes all of models' }),
  ),
  actor: Type.Optional(
    Type.String({ maxLength: 400, description: 'e.g. user:mira; token:* takes all tokens' }),
  ),
  from: Type.Optional(Timestamp),
  to: Type.Optional(Timestamp),
};

export const AuditVerification = Type.Object({
  intact: Type.Boolean({ description: 'of the entries looked at' }),
  from: nullable(Type.Integer({ description: 'position of the first entry looked at' })),
  to: nullable(Type.Integer({ description: 'position of the last one that holds' })),
  digest: Type.String({ description: 'of the last one that holds' }),
  fault: nullable(
    Type.Object({
      position: Type.Integer({ description: 'where the chain breaks' }),
      id: nullable(Type.Integer({ description: 'of the entry, where there is one' })),
      problem: Type.String(),
    }),
  ),
  head: Type.Object({
    position: Type.Integer({ description: 'how many entries are sealed' }),
    digest: Type.String(),
    sealedAt: nullable(Timestamp),
  }),
  expected: nullable(
    Type.Boolean({ description: 'whether the digest asked for stands at its position; null: not reached' }),
  ),
  nextCursor: nullable(Type.String({ description: 'there are more entries: ask again with it' })),
});
export type AuditVerification = Static<typeof AuditVerification>;

export const auditEndpoints = endpoints({
  list: {
    method: 'GET',
    path: '/api/v1/audit',
    permission: 'read',
    summary: 'Who did what, newest first',
    query: strict({ ...pageQuery, ...filter }),
    reply: page(AuditEntry),
  },
  verify: {
    method: 'GET',
    path: '/api/v1/audit/verification',
    permission: 'read',
    summary:
      'Recompute the chain of the audit, so many entries a call: up to where it is intact, or where it breaks',
    query: strict({
      cursor: pageQuery.cursor,
      limit: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 100_000, description: 'entries to look at; default 20000' }),
      ),
      expect: Type.Optional(
        Type.String({
          pattern: '^[1-9][0-9]{0,14}:[0-9a-f]{64}$',
          description: 'position:digest, as an earlier export or verification gave it',
        }),
      ),
    }),
    reply: AuditVerification,
  },
  export: {
    method: 'GET',
    path: '/api/v1/audit/export',
    permission: 'read',
    summary: 'All sealed entries, oldest first; as NDJSON its first line says the head of the chain',
    query: strict({ ...filter, format: Type.Optional(literals('ndjson', 'csv')) }),
    download: true,
  },
});
