import { type Static, Type } from 'typebox';
import { byModelVersion, literals, ModelName, nullable, strict, Timestamp } from './common.ts';
import { endpoints } from './endpoint.ts';

export const TestSection = literals('data', 'model', 'infrastructure', 'monitoring');
export type TestSection = Static<typeof TestSection>;

/** The 28 tests of Breck et al. (2017), by section and number. */
export const testIds = [
  ...['data-1', 'data-2', 'data-3', 'data-4', 'data-5', 'data-6', 'data-7'],
  ...['model-1', 'model-2', 'model-3', 'model-4', 'model-5', 'model-6', 'model-7'],
  ...['infrastructure-1', 'infrastructure-2', 'infrastructure-3', 'infrastructure-4'],
  ...['infrastructure-5', 'infrastructure-6', 'infrastructure-7'],
  ...['monitoring-1', 'monitoring-2', 'monitoring-3', 'monitoring-4', 'monitoring-5', 'monitoring-6'],
  'monitoring-7',
] as const;
const TestId = Type.String({
  pattern: '^(data|model|infrastructure|monitoring)-[1-7]$',
  description: 'section and number: data-1, monitoring-3',
});

export const Attestation = Type.Object({
  note: Type.String(),
  actor: Type.String(),
  createdAt: Timestamp,
});
export type Attestation = Static<typeof Attestation>;

export const ScoredTest = Type.Object({
  id: TestId,
  section: TestSection,
  title: Type.String(),
  points: Type.Number({ description: '1 automated, 0.5 done by hand and kept, 0 neither' }),
  how: Type.Unsafe<'automated' | 'measured' | 'attested' | 'none'>(
    Type.Enum(['automated', 'measured', 'attested', 'none'], {
      description:
        'automated: found by Tidemill, and again with each check; measured: found once; attested: a person says so; none',
    }),
  ),
  evidence: Type.String({ description: 'what was found, or what is missing' }),
  automatable: Type.Boolean({ description: 'whether Tidemill can answer it at all' }),
  attestation: nullable(Attestation),
});
export type ScoredTest = Static<typeof ScoredTest>;

export const TestScore = Type.Object({
  model: Type.String(),
  score: Type.Number({ description: 'the least of the four sections' }),
  reading: Type.String({ description: 'what the paper says of such a score' }),
  sections: Type.Array(Type.Object({ section: TestSection, points: Type.Number() })),
  tests: Type.Array(ScoredTest),
});
export type TestScore = Static<typeof TestScore>;

const byTest = strict({ name: ModelName, test: TestId });

export const scoreEndpoints = endpoints({
  get: {
    method: 'GET',
    path: '/api/v1/models/:name/versions/:version/test-score',
    permission: 'read',
    summary: 'The ML Test Score of a version: 28 tests, found or attested, and the least of their sections',
    params: byModelVersion,
    reply: TestScore,
  },
  attest: {
    method: 'PUT',
    path: '/api/v1/models/:name/test-score/:test',
    permission: 'write',
    summary: 'Attest that one of the 28 tests is done by hand for this model, and where that is written down',
    params: byTest,
    body: strict({ note: Type.String({ minLength: 1, maxLength: 2000 }) }),
    reply: Attestation,
  },
  withdraw: {
    method: 'DELETE',
    path: '/api/v1/models/:name/test-score/:test',
    permission: 'write',
    summary: 'Withdraw what was attested',
    params: byTest,
    reply: Type.Object({}),
  },
});
