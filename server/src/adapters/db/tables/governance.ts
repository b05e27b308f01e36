import type { Generated } from 'kysely';

interface ModelGatesTable {
  workspace: string;
  model: string;
  rules: string;
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
  actor: string;
  created_at: number;
}

export interface GovernanceTables {
  model_gates: ModelGatesTable;
  gate_checks: GateChecksTable;
  model_approvals: ModelApprovalsTable;
}
