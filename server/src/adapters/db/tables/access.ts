import type { Generated } from 'kysely';

interface UsersTable {
  id: string;
  workspace: string;
  name: string;
  role: string;
  created_at: number;
  /** As a PHC string; null until a password is chosen. */
  password_hash: string | null;
  password_changed_at: number | null;
  invitation_hash: string | null;
  invitation_expires_at: number | null;
  last_login_at: number | null;
  disabled_at: number | null;
}

interface SessionsTable {
  id: string;
  workspace: string;
  user_name: string;
  /** Never the cookie's secret itself. */
  hash: string;
  address: string;
  agent: string;
  created_at: number;
  last_seen_at: number;
  expires_at: number;
}

interface GroupsTable {
  workspace: string;
  name: string;
  description: string;
  created_at: number;
}

interface GroupMembersTable {
  workspace: string;
  group_name: string;
  member: string;
}

interface GrantsTable {
  id: string;
  workspace: string;
  grantee: string;
  role: string;
  /** Empty: all of the workspace. */
  resource: string;
  created_at: number;
  created_by: string;
}

interface TokensTable {
  id: string;
  workspace: string;
  name: string;
  /** Never the token itself. */
  hash: string;
  role: string;
  actor: string;
  /** The one thing the token is good for; null where its role alone decides. */
  resource: string | null;
  /** Both or none: how many requests it may make. */
  rate_per_second: number | null;
  rate_burst: number | null;
  rate_per_day: number | null;
  priority: Generated<string>;
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
  revoked_at: number | null;
}

interface TokenDaysTable {
  token_id: string;
  /** Whole days since 1970, UTC. */
  day: number;
  requests: number;
}

interface AuditTable {
  id: Generated<number>;
  workspace: string;
  actor: string;
  action: string;
  subject: string;
  detail: string;
  created_at: number;
  /** Both null until the chain is sealed up to this row; nothing of a row changes but that, once. */
  position: Generated<number | null>;
  hash: Generated<string | null>;
}

/** How far the chain of a workspace is sealed. */
interface AuditHeadsTable {
  workspace: string;
  position: number;
  /** The last sealed row. */
  entry_id: number;
  hash: string;
  sealed_at: number;
}

interface CommentsTable {
  id: string;
  workspace: string;
  /** Uri of what it is about. */
  subject: string;
  author: string;
  /** Empty when it was deleted. */
  text: string;
  mentions: string;
  revision: number;
  created_at: number;
  edited_at: number | null;
  deleted_at: number | null;
  deleted_by: string | null;
}

/** Who answers for a model or an endpoint. */
interface OwnersTable {
  workspace: string;
  subject: string;
  owner: string | null;
  /** A JSON array of names. */
  consumers: string;
  updated_at: number;
  updated_by: string;
}

interface EndpointCallersTable {
  workspace: string;
  endpoint: string;
  actor: string;
  requests: number;
  first_at: number;
  last_at: number;
}

interface LineageNodesTable {
  workspace: string;
  uri: string;
  kind: string;
  digest: string | null;
  location: string | null;
  created_at: number;
  deleted_at: number | null;
}

interface LineageEdgesTable {
  workspace: string;
  from_uri: string;
  to_uri: string;
  relation: string;
  created_at: number;
}

/** Who uses what: a row here refuses the deletion of `used_uri`. */
interface LineageHoldsTable {
  workspace: string;
  user_uri: string;
  used_uri: string;
  reason: string;
  created_at: number;
}

/** Texts sealed by a key that the database does not hold. */
interface SecretsTable {
  workspace: string;
  /** Uri of what the secret belongs to. */
  owner: string;
  name: string;
  ciphertext: string;
  nonce: string;
  key_id: string;
  created_at: number;
}

export interface AccessTables {
  users: UsersTable;
  sessions: SessionsTable;
  groups: GroupsTable;
  group_members: GroupMembersTable;
  grants: GrantsTable;
  tokens: TokensTable;
  token_days: TokenDaysTable;
  audit: AuditTable;
  audit_heads: AuditHeadsTable;
  comments: CommentsTable;
  owners: OwnersTable;
  endpoint_callers: EndpointCallersTable;
  lineage_nodes: LineageNodesTable;
  lineage_edges: LineageEdgesTable;
  lineage_holds: LineageHoldsTable;
  secrets: SecretsTable;
}
