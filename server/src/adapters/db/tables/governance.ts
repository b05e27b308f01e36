import type { Generated } from 'kysely';

interface ModelGatesTable {
  workspace: string;
  model: string;
  rules: string;
  /** Whose word it takes; null where anybody who may approve is enough. */
  approval: string | null;
  /** By name; null where none is declared. */
  environments: string | null;
  updated_at: number;
  updated_by: string;
}

/** Never changed after the insert. */
interface GateChecksTable {
  /** Orders checks that were made within one millisecond. */
  seq: Generated<number>;
  workspace: string;
  id: string;
  model: string;
  version: number;
  evaluation: string;
  passed: number;
  results: string;
  created_at: number;
  created_by: string;
}

/** Never changed after the insert; the newest one is in force. */
interface ModelApprovalsTable {
  seq: Generated<number>;
  workspace: string;
  id: string;
  model: string;
  version: number;
  decision: string;
  reason: string;
  gate_check: string | null;
  handover: string | null;
  missing: Generated<number>;
  /** Null where it lets the version out at all. */
  environment: string | null;
  actor: string;
  created_at: number;
}

/** What became of a wish to move an alias that follows an endpoint. */
interface PromotionsTable {
  workspace: string;
  id: string;
  model: string;
  version: number;
  alias: string;
  endpoint: string;
  state: string;
  reason: string;
  rollout: string | null;
  created_at: number;
  created_by: string;
  updated_at: number;
}

/** What people wrote about a model. */
interface ModelCardTextsTable {
  workspace: string;
  model: string;
  fields: string;
  updated_at: number;
  updated_by: string;
}

/** What was measured of a version; never changed after the insert. */
interface ModelAssessmentsTable {
  workspace: string;
  id: string;
  model: string;
  version: number;
  kind: string;
  body: string;
  created_at: number;
}

/** What a person says of one of the 28 tests of a model. */
interface ModelAttestationsTable {
  workspace: string;
  model: string;
  test: string;
  note: string;
  actor: string;
  created_at: number;
}

export interface GovernanceTables {
  model_attestations: ModelAttestationsTable;
  model_assessments: ModelAssessmentsTable;
  model_card_texts: ModelCardTextsTable;
  promotions: PromotionsTable;
  model_gates: ModelGatesTable;
  gate_checks: GateChecksTable;
  model_approvals: ModelApprovalsTable;
}
