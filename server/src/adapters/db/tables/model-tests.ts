import type { Generated } from 'kysely';

interface ModelTestCasesTable {
  workspace: string;
  model: string;
  definition: string;
  updated_at: number;
  updated_by: string;
}

interface ModelTestsTable {
  workspace: string;
  id: string;
  model: string;
  version: number;
  state: string;
  scopes: string;
  error: string | null;
  created_at: number;
  created_by: string;
  finished_at: number | null;
}

/** Never changed after the insert; of each pipeline the newest counts. */
interface CiRecordsTable {
  seq: Generated<number>;
  workspace: string;
  commit_hash: string;
  name: string;
  status: string;
  url: string | null;
  created_at: number;
  created_by: string;
}

export interface ModelTestsTables {
  model_test_cases: ModelTestCasesTable;
  model_tests: ModelTestsTable;
  ci_records: CiRecordsTable;
}
