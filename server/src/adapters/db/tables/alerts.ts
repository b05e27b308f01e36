export interface AlertsTable {
  id: string;
  workspace: string;
  monitor: string;
  endpoint: string;
  kind: string;
  /** Live model whose reference was breached. */
  model: string;
  state: string;
  title: string;
  causes: string;
  event_time: number;
  opened_at: number;
  resolved_at: number | null;
  note: string | null;
  loop_run: string | null;
  /** Checks in a row without a breach. */
  clean_checks: number;
  /** Monitor and model while the breach lasts, else null. Unique: one breach is one alert, also once it is closed by hand. */
  breach_key: string | null;
}

export interface AlertsTables {
  alerts: AlertsTable;
}
