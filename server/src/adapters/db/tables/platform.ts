import type { Generated } from 'kysely';

/** Events, in commit order: whoever reads up to `id` has missed nothing below it (see `lockOutbox`). */
interface OutboxTable {
  id: Generated<number>;
  workspace: string;
  kind: string;
  subject: string;
  payload: string;
  actor: string;
  created_at: number;
}

interface EventCursorsTable {
  listener: string;
  last_id: number;
  updated_at: number;
}

interface TasksTable {
  id: string;
  workspace: string;
  kind: string;
  subject: string;
  state: string;
  payload: string;
  progress: string | null;
  result: string | null;
  error: string | null;
  attempt: number;
  maximum_attempts: number;
  priority: number;
  run_at: number;
  lease_owner: string | null;
  lease_until: number | null;
  actor: string;
  created_at: number;
  started_at: number | null;
  updated_at: number;
  finished_at: number | null;
  /** Null for tasks that may be submitted twice. */
  deduplication_key: string | null;
}

interface SettingsTable {
  workspace: string;
  key: string;
  value: string;
  updated_at: number;
}

export interface PlatformTables {
  outbox: OutboxTable;
  event_cursors: EventCursorsTable;
  tasks: TasksTable;
  settings: SettingsTable;
}
