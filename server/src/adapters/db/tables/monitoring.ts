import type { Generated } from 'kysely';

export interface MonitorsTable {
  workspace: string;
  name: string;
  endpoint: string;
  definition: string;
  created_at: number;
  created_by: string;
}

/** Telemetry: one row per check, column and statistic; the newest few thousand of each monitor are kept. */
export interface MonitorResultsTable {
  id: Generated<number>;
  workspace: string;
  monitor: string;
  endpoint: string;
  kind: string;
  /** Live model at the check: with another model the reference is another. */
  model: string;
  event_time: number;
  column_name: string;
  statistic: string;
  value: number;
  threshold: number;
  breached: number;
  row_count: number;
  checked_at: number;
}

export interface MonitoringTables {
  monitors: MonitorsTable;
  monitor_results: MonitorResultsTable;
}
