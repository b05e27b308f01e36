export interface EndpointsTable {
  workspace: string;
  name: string;
  live_revision: number;
  fallback_forced: number;
  fallback_reason: string | null;
  /** Of its chain, from 0. */
  fallback_step: number;
  created_at: number;
  /** The name may be used again; revisions go on counting. */
  deleted_at: number | null;
}

/** Never changed after the insert. */
export interface EndpointRevisionsTable {
  workspace: string;
  endpoint: string;
  revision: number;
  definition: string;
  reason: string;
  created_at: number;
  created_by: string;
}

export interface EventSinksTable {
  workspace: string;
  endpoint: string;
  url: string;
  mode: string;
  content: string;
  has_secret: number;
  created_at: number;
  updated_at: number;
  updated_by: string;
}

export interface EndpointsTables {
  event_sinks: EventSinksTable;
  endpoints: EndpointsTable;
  endpoint_revisions: EndpointRevisionsTable;
}
