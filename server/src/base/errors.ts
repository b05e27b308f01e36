/**
 * The error catalogue: every failure a user can meet has a stable code, an HTTP status and a message that names
 * the thing, the place and the remedy. `docs/errors.md` lists each code; a test keeps both in step.
 */

export class TidemillError extends Error {
  override readonly name = 'TidemillError';
  readonly code: string;
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(entry: {
    code: string;
    status: number;
    message: string;
    details: Record<string, unknown>;
    cause?: unknown;
  }) {
    super(entry.message, entry.cause === undefined ? undefined : { cause: entry.cause });
    this.code = entry.code;
    this.status = entry.status;
    this.details = entry.details;
  }
}

interface Entry<D extends object> {
  readonly status: number;
  readonly message: (details: D) => string;
}

const entry = <D extends object>(status: number, message: (details: D) => string): Entry<D> => ({
  status,
  message,
});

/** One expectation that kept rows from becoming a version. */
export interface RefusedExpectation {
  readonly index: number;
  readonly kind: string;
  readonly title: string;
  readonly reason: string | null;
  readonly observed: number | string | null;
  readonly rows: number | null;
  readonly unexpected: number | null;
  readonly sample: readonly { readonly row: number | null; readonly values: object }[];
}

/** Wording: what is wrong, with the name of the thing; then the remedy. */
const amounts = {
  cpu: (cores: number) => `${cores} cores`,
  memoryBytes: (bytes: number) => `${(bytes / 2 ** 30).toFixed(2)} GiB of memory`,
  gpu: (count: number) => `${count} graphics processors`,
} as const;
const shownAmount = (resource: keyof typeof amounts, amount: number): string =>
  amounts[resource]?.(amount) ?? String(amount);

export const catalogue = {
  // requests
  requestInvalid: entry<{ where: string; problems: string }>(
    400,
    (d) => `The request's ${d.where} is not valid: ${d.problems}. See /docs for what this endpoint takes.`,
  ),
  bodyNotJson: entry<{ reason: string }>(
    400,
    (d) =>
      `The body is not JSON: ${d.reason}. Send an object with Content-Type: application/json; JSON has no NaN and no Infinity, null says the same.`,
  ),
  bodyTooLarge: entry<{ limit: number }>(
    413,
    (d) =>
      `The body is larger than ${d.limit} bytes. Send fewer records at a time; upload tables as a dataset version instead.`,
  ),
  contentEncodingUnsupported: entry<{ encoding: string }>(
    415,
    (d) => `The body is encoded as '${d.encoding}'. Send it as it is, or by gzip or deflate.`,
  ),
  rangeNotSatisfiable: entry<{ range: string; size: number }>(
    416,
    (d) => `The range '${d.range}' lies outside the file, which has ${d.size} bytes. Ask for a part of it.`,
  ),
  mediaTypeUnsupported: entry<{ type: string; accepted: string }>(
    415,
    (d) => `Content-Type ${d.type} is not accepted here. Send ${d.accepted}.`,
  ),
  routeNotFound: entry<{ method: string; path: string }>(
    404,
    (d) => `Nothing answers ${d.method} ${d.path}. /docs lists every endpoint.`,
  ),
  pageCursorInvalid: entry<{ cursor: string }>(
    400,
    (d) => `The page cursor '${d.cursor}' was not given by this endpoint. Start again without a cursor.`,
  ),
  referenceInvalid: entry<{ reference: string; reason: string }>(
    400,
    (d) =>
      `'${d.reference}' is no reference that can be used here: ${d.reason}. References are name@3, name@latest, name@tag or, with a kind, dataset:name@3.`,
  ),
  nameInvalid: entry<{ kind: string; name: string }>(
    400,
    (d) =>
      `'${d.name}' cannot name a ${d.kind}. Use 1 to 128 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit.`,
  ),
  internal: entry<{ requestId: string }>(
    500,
    (d) =>
      `Something failed inside Tidemill. Nothing was changed by this request; the log holds the cause under request ${d.requestId}.`,
  ),
  diskFull: entry<{ reason: string }>(
    507,
    (d) =>
      `There is no room left on the disk: ${d.reason}. Make room and send it again; what was acknowledged is there.`,
  ),
  notImplemented: entry<{ what: string }>(
    501,
    (d) => `${d.what} is not implemented by Tidemill. Leave it out, or keep using MLflow for it.`,
  ),

  // platform
  taskNotFound: entry<{ id: string }>(404, (d) => `There is no task '${d.id}'.`),

  // access
  unauthenticated: entry<{ reason: string }>(
    401,
    (d) =>
      `No valid credentials: ${d.reason}. Log in at /ui/login, or send Authorization: Bearer <token> (tidemill tokens create).`,
  ),
  permissionDenied: entry<{ actor: string; permission: string; where: string }>(
    403,
    (d) =>
      `${d.actor} lacks the permission '${d.permission}' for ${d.where}. Ask an admin for a role that has it.`,
  ),
  tokenRateExceeded: entry<{ actor: string; perSecond: number; burst: number; retryAfterSeconds: number }>(
    429,
    (d) =>
      `${d.actor} makes more requests than its token allows: ${d.perSecond} a second, ${d.burst} at once. Try again in ${d.retryAfterSeconds} s, or ask an admin for a token with a wider --rate.`,
  ),
  tokenQuotaExceeded: entry<{ actor: string; perDay: number; retryAfterSeconds: number }>(
    429,
    (d) =>
      `${d.actor} has made the ${d.perDay} requests that its token allows in a day. The next day begins in ${d.retryAfterSeconds} s, at midnight UTC; or ask an admin for a token with a larger --per-day.`,
  ),
  tokenResourceRefused: entry<{ actor: string; resource: string; where: string }>(
    403,
    (d) =>
      `The token of ${d.actor} is good for ${d.resource} only, and ${d.where} is about something else. Use a token without that resource, or one for what you want to reach (tidemill tokens create).`,
  ),
  tokenResourceInvalid: entry<{ resource: string; reason: string }>(
    400,
    (d) =>
      `'${d.resource.slice(0, 200)}' cannot be the resource of a token: ${d.reason}. Name a thing, as in endpoint:forecast, model:prices or dataset:days.`,
  ),
  jobTokenRefused: entry<{ job: string; where: string; advice: string }>(
    403,
    (d) =>
      `The token of ${d.job} reads, and writes to the job's own run, to runs nested in it and to what they log; ${d.where} is more than that. ${d.advice}`,
  ),
  hostRefused: entry<{ host: string }>(
    403,
    (d) =>
      `The Host or Origin '${d.host}' is not served here. Use 127.0.0.1 or localhost, or name it with --allow-host.`,
  ),
  tokenNotFound: entry<{ id: string }>(
    404,
    (d) => `There is no token '${d.id}'. tidemill tokens list shows them.`,
  ),
  grantElsewhere: entry<{ actor: string; permission: string; where: string }>(
    403,
    (d) =>
      `${d.actor} has the permission '${d.permission}' on single things only, and ${d.where} is about something else. Ask an admin for a role on it, or in the workspace (tidemill grants add).`,
  ),
  loginRefused: entry<Record<never, never>>(
    401,
    () =>
      'The name or the password is wrong. An admin gives an invitation to choose another password (tidemill users invite NAME).',
  ),
  loginThrottled: entry<{ retryAfterSeconds: number }>(
    429,
    (d) => `Too many wrong passwords. Try again in ${d.retryAfterSeconds} s.`,
  ),
  passwordChecksBusy: entry<{ waiting: number }>(
    503,
    (d) => `More than ${d.waiting} passwords wait to be checked. Try again in a moment.`,
  ),
  passwordWeak: entry<{ reason: string }>(
    400,
    (d) => `This password cannot be used: ${d.reason}. Several words in a row make a good one.`,
  ),
  invitationInvalid: entry<Record<never, never>>(
    400,
    () =>
      'This invitation is not good: it was used, has expired, or was replaced by a newer one. Ask an admin for another (tidemill users invite NAME).',
  ),
  userDisabled: entry<{ name: string }>(
    401,
    (d) =>
      `The user '${d.name}' is disabled. An admin can enable them again (tidemill users enable ${d.name}).`,
  ),
  lastAdmin: entry<{ name: string }>(
    409,
    (d) =>
      `'${d.name}' is the last admin among the users and stays one. Make somebody else admin first (tidemill users role NAME admin).`,
  ),
  accountMissing: entry<{ actor: string }>(
    409,
    (d) => `${d.actor} is no user who could have a password. Log in by name, at /ui/login.`,
  ),
  sessionNotFound: entry<{ id: string }>(
    404,
    (d) => `There is no session '${d.id}' of yours; it may have ended already.`,
  ),
  crossSiteRefused: entry<{ where: string }>(
    403,
    (d) =>
      `${d.where} came by the cookie of a login, and not from a page of this server. Programs send a token instead: Authorization: Bearer <token>.`,
  ),
  granteeInvalid: entry<{ grantee: string }>(
    400,
    (d) => `'${d.grantee}' is nobody here. Write user:NAME, group:NAME or token:NAME.`,
  ),
  grantInvalid: entry<{ reason: string }>(
    400,
    (d) =>
      `This cannot be granted: ${d.reason}. A grant is a role, on model:NAME, endpoint:NAME, dataset:NAME or all.`,
  ),
  grantExists: entry<{ to: string; what: string }>(409, (d) => `${d.to} is ${d.what} already.`),
  grantNotFound: entry<{ id: string }>(
    404,
    (d) => `There is no grant '${d.id}'. tidemill grants list shows them.`,
  ),
  groupExists: entry<{ name: string }>(409, (d) => `The group '${d.name}' exists already.`),
  groupNotFound: entry<{ name: string }>(
    404,
    (d) => `There is no group '${d.name}'. tidemill groups list shows them.`,
  ),
  memberNotFound: entry<{ member: string; group: string }>(
    404,
    (d) => `${d.member} is not in the group '${d.group}'. tidemill groups show ${d.group} lists its members.`,
  ),
  userExists: entry<{ name: string }>(409, (d) => `The user '${d.name}' exists already.`),
  tokenRoleTooWide: entry<{ user: string; has: string; asked: string }>(
    400,
    (d) =>
      `A token of the user '${d.user}', who is ${d.has}, cannot have the role ${d.asked}. Choose a role that may no more than ${d.has}.`,
  ),
  userNotFound: entry<{ name: string }>(
    404,
    (d) => `There is no user '${d.name}'. tidemill users list shows them.`,
  ),
  secretKeyExposed: entry<{ file: string; mode: string }>(
    400,
    (d) =>
      `Others on this machine can read the secret key ${d.file} (mode ${d.mode}). Run chmod 600 on it; if somebody may have read it, enter the secrets again under a new key.`,
  ),
  secretKeyInvalid: entry<{ file: string }>(
    400,
    (d) =>
      `${d.file} does not hold a key: 32 bytes in base64 or 64 hex digits. Bring it back from a backup, or set TIDEMILL_SECRET_KEY.`,
  ),
  secretKeyMissing: entry<{ file: string }>(
    500,
    (d) =>
      `Secrets are stored, but the key that opens them is not at ${d.file}. Bring it back, set TIDEMILL_SECRET_KEY, or enter the secrets again.`,
  ),
  secretKeyOther: entry<{
    owner: string;
    name: string;
    sealedWith: string;
    current: string;
    source: string;
  }>(
    500,
    (d) =>
      `The ${d.name} of ${d.owner} was sealed with the key ${d.sealedWith}, and ${d.source} holds the key ${d.current}. Bring that key back, or enter the secret again.`,
  ),
  secretDamaged: entry<{ owner: string; name: string }>(
    500,
    (d) => `The ${d.name} of ${d.owner} was changed in the database and does not open. Enter it again.`,
  ),
  inUse: entry<{ what: string; users: string }>(
    409,
    (d) => `${d.what} cannot be deleted: ${d.users} uses it. Release it there first.`,
  ),

  usedGone: entry<{ what: string; user: string }>(
    409,
    (d) => `${d.what} was deleted while ${d.user} was made of it. Look at what is there now, and try again.`,
  ),

  // data
  datasetNotFound: entry<{ name: string; known: string }>(
    404,
    (d) => `There is no dataset '${d.name}'. ${d.known}.`,
  ),
  datasetVersionNotFound: entry<{ reference: string; known: string }>(
    404,
    (d) => `There is no dataset version '${d.reference}'. ${d.known}.`,
  ),
  datasetFileEmpty: entry<{ file: string; reason: string }>(
    422,
    (d) => `${d.file} ${d.reason}. Send a table with at least one row.`,
  ),
  datasetColumnsDiffer: entry<{ reference: string; differences: string }>(
    422,
    (d) =>
      `The rows do not fit ${d.reference}: ${d.differences}. Append rows with its columns, or commit a new table with mode=replace.`,
  ),
  datasetColumnReserved: entry<{ column: string }>(
    422,
    (d) =>
      `A column cannot be called '${d.column}': rows are numbered by a column of that name. Rename it, or give another name by --mapping other=${d.column}.`,
  ),
  datasetColumnNotFound: entry<{ reference: string; column: string; known: string }>(
    400,
    (d) => `${d.reference} has no column '${d.column}'. Its columns are ${d.known}.`,
  ),
  profileTimeUnknown: entry<{ reference: string; column: string; known: string }>(
    400,
    (d) =>
      `${d.reference} has no date or timestamp column '${d.column}' to order its rows by. Its times are ${d.known}.`,
  ),
  datasetKeyDuplicate: entry<{ reference: string; key: string; count: number }>(
    422,
    (d) =>
      `${d.reference} has ${d.count} rows with the key ${d.key}, so rows cannot be paired by it. Name more key columns, or none to compare whole rows.`,
  ),
  expectationInvalid: entry<{ dataset: string; index: number; kind: string; reason: string }>(
    422,
    (d) =>
      `expectations[${d.index}] of '${d.dataset}' (${d.kind}) cannot be used: ${d.reason}. Mend it and send the list again.`,
  ),
  validationNotFound: entry<{ id: string; name: string }>(
    404,
    (d) =>
      `There is no validation result '${d.id}' of '${d.name}'. tidemill datasets validations ${d.name} lists them.`,
  ),
  datasetRefused: entry<{
    name: string;
    validation: string;
    failed: readonly RefusedExpectation[];
    summary: string;
  }>(
    422,
    (d) =>
      `These rows do not become a version of '${d.name}', because this does not hold: ${d.summary}. Mend the rows, or change the expectations; tidemill datasets validation ${d.name} ${d.validation} shows all that was found.`,
  ),
  upsertKeyInvalid: entry<{ reason: string }>(
    400,
    (d) =>
      `The commit cannot be made by key: ${d.reason}. An upsert is --upsert --key id,day (mode=upsert&key=id,day by HTTP), or without a key once tidemill datasets set NAME --key id,day remembers it; other modes take none.`,
  ),
  upsertKeyDuplicate: entry<{ table: string; key: string; count: number }>(
    422,
    (d) =>
      `${d.table} has ${d.count} rows with the key ${d.key}, so an upsert cannot tell which is meant. Name more key columns, or remove the others; nothing was changed.`,
  ),
  datasetBusy: entry<{ name: string; attempts: number }>(
    503,
    (d) =>
      `Others committed to '${d.name}' each of the ${d.attempts} times this commit was tried. Nothing was changed; send it again.`,
  ),
  datasetNotDerived: entry<{ reference: string; kind: string }>(
    422,
    (d) =>
      `${d.reference} was made by '${d.kind}', so there is no SQL to run again. Name a version that tidemill datasets derive made.`,
  ),
  datasetSplitInvalid: entry<{ reference: string; reason: string }>(
    422,
    (d) =>
      `${d.reference} cannot be split so: ${d.reason}. Nothing was written; see tidemill datasets split --help.`,
  ),
  datasetSplitExists: entry<{ reference: string; split: string }>(
    409,
    (d) =>
      `${d.reference} has another split named '${d.split}', and a split never changes. Give this one a name of its own: --name.`,
  ),
  datasetVersionLast: entry<{ reference: string; name: string }>(
    409,
    (d) =>
      `${d.reference} is the only version of '${d.name}', and a dataset has at least one. Delete the dataset: tidemill datasets delete ${d.name}.`,
  ),
  datasetContentGone: entry<{ name: string }>(
    409,
    (d) =>
      `While '${d.name}' was committed, rows that it shares with a deleted version were collected. Nothing was changed; send it again.`,
  ),
  datasetManifestUnreadable: entry<{ digest: string }>(
    409,
    (d) =>
      `The manifest ${d.digest} cannot be read, so it is not known which files its versions need, and none is removed. Find the versions: tidemill datasets verify --all; then commit their rows again.`,
  ),
  datasetTagNotFound: entry<{ name: string; tag: string }>(
    404,
    (d) =>
      `'${d.tag}' is no tag of the dataset '${d.name}'. tidemill datasets versions ${d.name} shows its tags.`,
  ),
  tagReserved: entry<{ tag: string }>(
    400,
    (d) =>
      `'${d.tag}' cannot be a tag: numbers and 'latest' name versions already, and an ending such as .parquet the file of a version. Choose another word.`,
  ),
  mappingInvalid: entry<{ part: string; reason: string }>(
    400,
    (d) =>
      `The mapping '${d.part}' ${d.reason}. Write ours=theirs, comma-separated: date=Date,close=Close/Last.`,
  ),
  dateFormatInvalid: entry<{ part: string; reason: string }>(
    400,
    (d) =>
      `The date format '${d.part}' ${d.reason}. Write %d.%m.%Y, or by column and in the order to try: day=%d.%m.%Y|%Y-%m-%d,seen=%m/%d/%Y.`,
  ),
  durationInvalid: entry<{ text: string; reason: string }>(
    400,
    (d) =>
      `'${d.text}' is not a duration: ${d.reason}. Write a whole number and its unit, such as 30s, 90m, 36h or 7d.`,
  ),
  featureViewNotFound: entry<{ name: string; known: string }>(
    404,
    (d) => `There is no feature view '${d.name}'. ${d.known}.`,
  ),
  featureViewVersionNotFound: entry<{ reference: string; known: string }>(
    404,
    (d) => `There is no feature view version '${d.reference}'. ${d.known}.`,
  ),
  entityNotFound: entry<{ name: string; known: string }>(
    404,
    (d) => `There is no entity '${d.name}'. ${d.known}.`,
  ),
  entityVersionNotFound: entry<{ reference: string; known: string }>(
    404,
    (d) => `There is no entity version '${d.reference}'. ${d.known}.`,
  ),
  featureServiceNotFound: entry<{ name: string; known: string }>(
    404,
    (d) => `There is no feature service '${d.name}'. ${d.known}.`,
  ),
  featureServiceVersionNotFound: entry<{ reference: string; known: string }>(
    404,
    (d) => `There is no feature service version '${d.reference}'. ${d.known}.`,
  ),
  featureDefinitionInvalid: entry<{ what: string; reason: string }>(
    422,
    (d) => `${d.what} cannot be defined: ${d.reason}.`,
  ),
  featureViewBroken: entry<{ view: string; versions: string; reason: string }>(
    422,
    (d) =>
      `The feature view '${d.view}' cannot be built on ${d.versions}: ${d.reason}. Define the view for what its datasets are now, or bind versions that still fit.`,
  ),
  featureSqlInvalid: entry<{ what: string; reason: string }>(
    422,
    (d) => `The SQL of ${d.what} cannot be used: ${d.reason}. Write one SELECT over dataset names.`,
  ),
  featureColumnInvalid: entry<{ what: string; column: string; reason: string; known: string }>(
    422,
    (d) => `${d.what}: the column '${d.column}' ${d.reason}. The SQL gives ${d.known}.`,
  ),
  bindingInvalid: entry<{ name: string; reason: string }>(
    400,
    (d) =>
      `The binding of '${d.name}' cannot be used: ${d.reason}. Bind names that the SQL reads: {"prices": "prices@3"}.`,
  ),
  entityKeyMissing: entry<{ record: number; column: string }>(
    400,
    (d) =>
      `Record ${d.record}, counted from 0, names no entity: '${d.column}' is missing. Give a text, number or boolean for each key column of the feature view.`,
  ),
  entityKeyInvalid: entry<{ record: number; column: string; value: string; expected: string }>(
    400,
    (d) =>
      `Record ${d.record}, counted from 0: '${d.column}' is ${d.value}; the feature view's key column takes ${d.expected}.`,
  ),
  materializationNotFound: entry<{ id: string }>(
    404,
    (d) =>
      `There is no materialization '${d.id}'. List those of a feature view with: tidemill features materializations NAME.`,
  ),
  trainingSetBuildNotFound: entry<{ id: string }>(
    404,
    (d) =>
      `There is no build '${d.id}' of a training set on this server: it has ended, or another server has it. GET /api/v1/training-sets/builds lists those under way.`,
  ),
  trainingSetStopped: entry<{ name: string; by: string }>(
    409,
    (d) =>
      `The training set '${d.name}' was stopped by ${d.by} while it was built; nothing is left of it. Build it again.`,
  ),
  materializationEnded: entry<{ id: string; state: string; reason: string }>(
    409,
    (d) => `The materialization '${d.id}' ended as ${d.state}: ${d.reason}.`,
  ),
  pushInvalid: entry<{ view: string; row: number; column: string; reason: string }>(
    400,
    (d) => `The push to ${d.view} is refused as a whole: row ${d.row}, column '${d.column}' ${d.reason}.`,
  ),
  pushNotOffline: entry<{ view: string }>(
    409,
    (d) =>
      `Rows pushed to ${d.view} have no dataset to go to. Define the view with stream: { dataset, columns }, or push to online only.`,
  ),
  trainingSetInvalid: entry<{ name: string; reason: string }>(
    422,
    (d) =>
      `The training set '${d.name}' cannot be built: ${d.reason}. Mend its definition and build it again.`,
  ),

  // start
  configInvalid: entry<{ variable: string; reason: string }>(
    400,
    (d) => `The setting ${d.variable} is not valid: ${d.reason}.`,
  ),
  authenticationRequired: entry<{ host: string }>(
    400,
    (d) =>
      `Refusing to listen on ${d.host} without authentication. Create a token first (tidemill first-token --data DIR) or listen on 127.0.0.1.`,
  ),
  dataFolderInUse: entry<{ folder: string; pid: string }>(
    409,
    (d) =>
      `Another Tidemill (process ${d.pid}) works on the data folder ${d.folder}. Stop it, or choose another folder with --data.`,
  ),
  dataFolderNewer: entry<{ applied: string }>(
    409,
    (d) =>
      `The data was written by a newer Tidemill (it holds the migration '${d.applied}'). Start that version or a later one.`,
  ),
  dataFileUnreadable: entry<{ file: string; reason: string }>(
    500,
    (d) =>
      `The database ${d.file} cannot be opened: ${d.reason}. Check that it is ours, readable and writable, or choose another folder with --data.`,
  ),
  databaseUnreachable: entry<{ where: string; reason: string }>(
    503,
    (d) => `PostgreSQL at ${d.where} cannot be used: ${d.reason}. Check its address, user and password.`,
  ),
  databaseBusy: entry<{ seconds: number }>(
    503,
    (d) =>
      `Another process kept the database locked for ${d.seconds} s. Try again; if it persists, find what else writes to the data folder.`,
  ),
  blobIdInvalid: entry<{ id: string }>(
    400,
    (d) => `'${d.id}' cannot name a blob. A blob's id is its SHA-256: 64 digits of 0-9 and a-f.`,
  ),
  blobDamaged: entry<{ sha256: string; found: string }>(
    500,
    (d) =>
      `The blob ${d.sha256} came back with other bytes (${d.found}). Store what it was made of again, or restore it from a backup.`,
  ),
  blobNotFound: entry<{ sha256: string }>(
    404,
    (d) => `The blob ${d.sha256} is not stored. It was deleted, or belongs to another data folder or bucket.`,
  ),
  onlineRowInvalid: entry<{ view: string; key: string; reason: string }>(
    400,
    (d) => `The online row '${d.key}' of view '${d.view}' cannot be stored: ${d.reason}.`,
  ),
  onlineEventsTooMany: entry<{ view: string; entity: string; events: number; limit: number }>(
    422,
    (d) =>
      `The entity ${d.entity} of the feature view '${d.view}' has ${d.events} events in its longest window, and at most ${d.limit} of an entity are kept online. Give the view shorter windows, or SQL that makes fewer events of its rows, such as one an hour.`,
  ),
  onlineUnavailable: entry<{ store: string; reason: string }>(
    503,
    (d) =>
      `The online store at ${d.store} cannot be used: ${d.reason}. Start it, or check --online; values come back with it, or by materializing again.`,
  ),
  onlineBusy: entry<{ waiting: number; limit: number }>(
    503,
    (d) =>
      `The online store has ${d.waiting} rows under way and takes at most ${d.limit}. Send again in a moment.`,
  ),
  portInUse: entry<{ port: number }>(
    409,
    (d) => `Port ${d.port} is taken. Choose another with --port, or stop the program that holds it.`,
  ),

  // files and queries
  fileUnreadable: entry<{ file: string; reason: string; remedy: string; line?: number; column?: string }>(
    422,
    (d) =>
      `${d.file}${d.line === undefined ? '' : `, line ${d.line}`}${d.column === undefined ? '' : `, column '${d.column}'`}: ${d.reason}. ${d.remedy}.`,
  ),
  queryFailed: entry<{ reason: string }>(
    422,
    (d) => `The query failed: ${d.reason}. Mend the statement and send it again.`,
  ),
  queryRefused: entry<{ reason: string }>(
    403,
    (d) => `The query was not run: ${d.reason}. Send one select that reads only the tables named for it.`,
  ),
  queryTooLarge: entry<{ reason: string }>(
    413,
    (d) => `The query needs more than it may use: ${d.reason}. Select fewer rows or columns, or aggregate.`,
  ),
  queryCancelled: entry<{ reason: string }>(
    408,
    (d) => `The query was stopped: ${d.reason}. Narrow it, or allow more time.`,
  ),
  analysisNotFound: entry<{ name: string; known: string }>(
    404,
    (d) => `There is no analysis '${d.name}'. There are: ${d.known}.`,
  ),
  analysisChartInvalid: entry<{ reason: string }>(
    422,
    (d) => `The chart cannot be drawn: ${d.reason}. Name columns of the result; y columns hold numbers.`,
  ),
  analyticsBusy: entry<{ waiting: number }>(
    503,
    (d) => `${d.waiting} queries are waiting already. Send it again in a moment.`,
  ),
  numberTooLarge: entry<{ column: string; value: string }>(
    422,
    (d) =>
      `${d.value} in column '${d.column}' is too large for an exact number (2^53). Cast the column to text or double.`,
  ),

  // computing
  expressionInvalid: entry<{ expression: string; reason: string }>(
    400,
    (d) =>
      `The expression '${d.expression}' is not valid: ${d.reason}. Expressions are CEL, such as metrics.mae < 2.5.`,
  ),
  expressionFailed: entry<{ expression: string; reason: string }>(
    422,
    (d) =>
      `The expression '${d.expression}' could not be evaluated: ${d.reason}. Check it against the values it gets.`,
  ),
  modelUnreadable: entry<{ model: string; reason: string }>(
    422,
    (d) =>
      `The model ${d.model} cannot be loaded: ${d.reason}. Register a version that onnxruntime, or MLflow for Python code, can load.`,
  ),
  modelRaised: entry<{ model: string; type: string; message: string; frames: string }>(
    422,
    (d) =>
      `The model ${d.model} raised ${d.type}: ${d.message}\n${d.frames}\nSend it other rows, or mend its code and register it again.`,
  ),
  modelOutputInvalid: entry<{ model: string; found: string; expected: string }>(
    422,
    (d) =>
      `The model ${d.model} answered with ${d.found}, where ${d.expected} must be. Mend its predict function and register it again.`,
  ),
  modelFolderTampered: entry<{ model: string; folder: string; path: string; what: string }>(
    409,
    (d) =>
      `The model ${d.model} was not run: '${d.path}' in ${d.folder} ${d.what}. Find out who wrote there, then delete that folder; it is laid out again from the registry.`,
  ),
  modelEnvironmentNotBuilt: entry<{ model: string; file: string; tool: string; log: string }>(
    422,
    (d) =>
      `The environment that '${d.file}' of the model ${d.model} asks for could not be made. ${d.tool} said: ${d.log}\nLog the model again with packages that can be had, or start with --model-python and an interpreter that has them.`,
  ),
  modelInputInvalid: entry<{ expected: string; found: string }>(
    422,
    (d) => `The model takes ${d.expected}, but was given ${d.found}. Send the features of its signature.`,
  ),
  runtimeUnavailable: entry<{ model: string; reason: string }>(
    503,
    (d) =>
      `The model ${d.model} cannot answer now: ${d.reason}. It restarts by itself; try again in a moment.`,
  ),
  computeBusy: entry<{ waiting: number }>(
    503,
    (d) => `${d.waiting} computations are waiting already. Try again in a moment.`,
  ),
  computeCancelled: entry<{ reason: string }>(
    408,
    (d) => `The computation was stopped: ${d.reason}. Start it again if it is still wanted.`,
  ),
  commandNotStarted: entry<{ command: string; reason: string }>(
    422,
    (d) =>
      `The command '${d.command}' could not be started: ${d.reason}. Check that the program is installed and the folder exists.`,
  ),
  notificationUrlRefused: entry<{ url: string; reason: string }>(
    400,
    (d) =>
      `Nothing is sent to ${d.url}: ${d.reason}. Enter a public https address; an owner of the server allows more with tidemill up --webhook-schemes and --webhook-private.`,
  ),
  notificationHostUnknown: entry<{ host: string; reason: string }>(
    400,
    (d) =>
      `The host '${d.host}' cannot be found: ${d.reason}. Check its name, and that this machine knows it.`,
  ),
  notificationFailed: entry<{ url: string; reason: string }>(
    502,
    (d) => `The notification to ${d.url} failed: ${d.reason}. Check that the address answers POST with 2xx.`,
  ),

  // sources
  sourceNotFound: entry<{ name: string; known: string }>(
    404,
    (d) => `There is no source '${d.name}'. ${d.known}.`,
  ),
  sourceExists: entry<{ name: string }>(
    409,
    (d) => `A source '${d.name}' exists already. Choose another name, or change it: tidemill sources update.`,
  ),
  sourceInvalid: entry<{ field: string; reason: string; remedy: string }>(
    400,
    (d) => `The source's ${d.field} cannot be used: ${d.reason}. ${d.remedy}.`,
  ),
  sourcePullNotFound: entry<{ name: string; id: string }>(
    404,
    (d) => `The source '${d.name}' has no pull '${d.id}'. tidemill sources pulls ${d.name} lists them.`,
  ),
  sourceBusy: entry<{ name: string; pull: string }>(
    409,
    (d) =>
      `The source '${d.name}' is being pulled already (${d.pull}). Wait for its end, or cancel it: tidemill sources cancel ${d.name}.`,
  ),
  sourceRefused: entry<{ location: string; reason: string; remedy: string }>(
    400,
    (d) => `Nothing is read from ${d.location}: ${d.reason}. ${d.remedy}.`,
  ),
  sourceRejected: entry<{ location: string; reason: string; remedy: string }>(
    400,
    (d) => `${d.location} cannot be read: ${d.reason}. ${d.remedy}.`,
  ),
  sourceTooLarge: entry<{ location: string; limit: string }>(
    413,
    (d) =>
      `${d.location} holds more than ${d.limit}. Read a part of it, or raise the limit: tidemill up --source-max-bytes.`,
  ),
  sourceUnreachable: entry<{ location: string; reason: string }>(
    502,
    (d) =>
      `${d.location} does not give its rows: ${d.reason}. Check that it is up and that this machine reaches it.`,
  ),

  // experiments
  requestFieldMissing: entry<{ field: string }>(
    400,
    (d) => `Missing value for required parameter '${d.field}'. Send it, and not empty.`,
  ),
  experimentNotFound: entry<{ experiment: string }>(
    404,
    (d) =>
      `There is no experiment '${d.experiment}'. List them (GET /api/v1/experiments), or create it first.`,
  ),
  experimentExists: entry<{ name: string; lifecycle: string }>(
    409,
    (d) =>
      `The experiment '${d.name}' exists already (${d.lifecycle}). ${d.lifecycle === 'deleted' ? 'Restore it, or choose another name' : 'Use it, or choose another name'}.`,
  ),
  experimentNotActive: entry<{ experiment: string }>(
    409,
    (d) =>
      `The experiment '${d.experiment}' is deleted; it must be in the 'active' state. Restore it, or use another one.`,
  ),
  runNotFound: entry<{ run: string }>(
    404,
    (d) => `There is no run '${d.run}'. Search for it (POST /api/v1/runs/search), or start one.`,
  ),
  runNotActive: entry<{ run: string; lifecycle: string; needed: string }>(
    409,
    (d) =>
      `The run '${d.run}' must be in the '${d.needed}' state; it is ${d.lifecycle}. ${d.needed === 'active' ? 'Restore it first' : 'Delete it first'}.`,
  ),
  parameterImmutable: entry<{ run: string; key: string; found: string; given: string }>(
    409,
    (d) =>
      `Changing param values is not allowed: '${d.key}' of run '${d.run}' is '${d.found}', not '${d.given}'. Log it under another key, or start a new run.`,
  ),
  trackingValueInvalid: entry<{ where: string; reason: string }>(
    400,
    (d) => `${d.where} cannot be stored: ${d.reason}.`,
  ),
  runWatchersFull: entry<{ limit: number }>(
    429,
    (d) =>
      `This server is followed by ${d.limit} readers of runs already, which is the most. Close one, or ask for the run itself (GET /api/v1/runs/{id}) from time to time.`,
  ),
  serverOverloaded: entry<{ what: string }>(
    429,
    (d) =>
      `Too much waits to be written: ${d.what} come in faster than the database takes them. Try again in a second.`,
  ),
  tagNotFound: entry<{ of: string; key: string }>(404, (d) => `${d.of} has no tag '${d.key}'.`),
  searchInvalid: entry<{ part: string; reason: string }>(
    400,
    (d) => `The search cannot be understood at '${d.part}': ${d.reason}.`,
  ),
  loggedModelNotFound: entry<{ model: string }>(
    404,
    (d) =>
      `There is no logged model '${d.model}'. Search for it (POST /api/v1/logged-models/search), or log it first.`,
  ),
  loggedModelParameterImmutable: entry<{ model: string; key: string; found: string; given: string }>(
    409,
    (d) =>
      `Changing param values is not allowed: '${d.key}' of logged model '${d.model}' is '${d.found}', not '${d.given}'. Log it under another key, or log a new model.`,
  ),
  artifactPathInvalid: entry<{ path: string; reason: string }>(
    400,
    (d) =>
      `Invalid path '${d.path}': ${d.reason}. Use a relative path such as plots/loss.png, without '..', '#' or backslashes.`,
  ),
  artifactPlaceClosed: entry<{ location: string }>(
    400,
    (d) =>
      `The files lie at ${d.location}, which is not at or below this server's artifact root, so it does not touch them. Start it with an --artifact-root that holds them.`,
  ),
  artifactNotFound: entry<{ run: string; path: string }>(
    404,
    (d) => `'${d.run}' has no artifact '${d.path}'. List what it has.`,
  ),
  presignedUnsupported: entry<{ what: string }>(
    400,
    (d) =>
      `Presigned ${d.what} is not supported for proxied artifact storage (artifact URI scheme: mlflow-artifacts). Send and read files by /api/2.0/mlflow-artifacts/artifacts/.`,
  ),
  uploadNotFound: entry<{ upload: string }>(
    404,
    (d) =>
      `There is no unfinished upload '${d.upload}': it was completed, aborted, or is older than a day. Create it again.`,
  ),
  uploadPartMissing: entry<{ upload: string; part: number }>(
    400,
    (d) =>
      `The upload '${d.upload}' has no part ${d.part} with that ETag. Send the part again and give back the ETag of the reply.`,
  ),
  uploadsTooMany: entry<{ limit: number }>(
    429,
    (d) =>
      `${d.limit} uploads in parts are unfinished already. Complete or abort some; each ends by itself after a day.`,
  ),

  // models
  modelNotFound: entry<{ name: string; known: string }>(
    404,
    // MLflow's words first: its clients and their users' tests look for them.
    (d) => `Registered Model with name=${d.name} not found. ${d.known}.`,
  ),
  modelVersionNotFound: entry<{ reference: string; name: string; version: string; known: string }>(
    404,
    (d) => `Model Version (name=${d.name}, version=${d.version}) not found. ${d.known}.`,
  ),
  modelNameInvalid: entry<{ name: string }>(
    400,
    (d) =>
      `Invalid model name '${d.name}'. Names cannot contain '/' or ':', be blank, '.' or '..', or be longer than 256 characters. Choose another name.`,
  ),
  modelExists: entry<{ name: string }>(
    409,
    (d) => `Registered Model (name=${d.name}) already exists. Add versions to it, or choose another name.`,
  ),
  modelNameRetired: entry<{ name: string; last: number }>(
    409,
    (d) =>
      `'${d.name}' was the name of another model, and its versions 1 to ${d.last} stand in the audit log and in predictions. Choose another name.`,
  ),
  modelSourceInvalid: entry<{ source: string; reason: string }>(
    400,
    (d) =>
      `Invalid model version source: '${d.source}': ${d.reason}. Give runs:/<run>/<path>, models:/<name>/<version>, models:/m-<id>, or the URI of a store such as s3://bucket/path.`,
  ),
  modelStageInvalid: entry<{ stage: string; known: string }>(
    400,
    (d) => `Invalid Model Version stage: ${d.stage}. Value must be one of ${d.known}.`,
  ),
  modelStageNotActive: entry<{ stage: string }>(
    400,
    (d) =>
      `Existing versions cannot be archived, because '${d.stage}' is not an Active stage. Valid stages are Staging and Production; send the request without archive_existing_versions.`,
  ),
  modelFolderMissing: entry<{ run: string; path: string; found: string }>(
    422,
    (d) =>
      `The run ${d.run} has no model folder at '${d.path}': ${d.found}. Log the model there, or name its folder with 'path'.`,
  ),
  modelFolderInvalid: entry<{ run: string; path: string; reason: string }>(
    422,
    (d) =>
      `The file ${d.path} of run ${d.run} cannot be used: ${d.reason}. Log the model again, then register it.`,
  ),
  modelFileNotFound: entry<{ reference: string; path: string; known: string }>(
    404,
    (d) => `${d.reference} has no file '${d.path}'. Its files are ${d.known}.`,
  ),
  aliasReserved: entry<{ alias: string }>(
    400,
    (d) =>
      `'${d.alias}' alias name is reserved: numbers, v-numbers and 'latest' name versions already. Choose another word.`,
  ),
  aliasNotFound: entry<{ model: string; alias: string; known: string }>(
    404,
    (d) =>
      `Registered model alias ${d.alias} not found: the model '${d.model}' has none so called. ${d.known}.`,
  ),
  aliasInvalid: entry<{ alias: string }>(
    400,
    (d) => `Invalid alias name: '${d.alias}'. Use 1 to 255 letters, digits, '_' and '-'.`,
  ),
  aliasBound: entry<{ model: string; alias: string; endpoint: string }>(
    409,
    (d) =>
      `The alias '${d.alias}' of '${d.model}' follows ${d.endpoint} and moves by promotion only. Start a rollout there (POST /api/v1/rollouts), take the alias out of the endpoint's definition, or choose one that no endpoint follows.`,
  ),

  webhookNotFound: entry<{ id: string }>(
    404,
    (d) => `There is no webhook '${d.id}'. tidemill webhooks list shows them.`,
  ),
  eventSinkNotFound: entry<{ endpoint: string }>(
    404,
    (d) =>
      `Endpoint '${d.endpoint}' has no event sink. Set one with: tidemill endpoints sink set ${d.endpoint} --url https://example.org/events.`,
  ),
  webhookInvalid: entry<{ field: string; reason: string }>(
    400,
    (d) => `The webhook's ${d.field} is not valid: ${d.reason}.`,
  ),
  webhooksTooMany: entry<{ most: number }>(
    409,
    (d) => `There are ${d.most} webhooks already, the most there may be. Delete one that is not needed.`,
  ),

  // training
  trainingColumnInvalid: entry<{ reference: string; column: string; reason: string }>(
    422,
    (d) =>
      `The column '${d.column}' of ${d.reference} ${d.reason}. Name other columns, or build the training set again.`,
  ),
  trainingValueMissing: entry<{
    reference: string;
    column: string;
    rows: number;
    total: number;
    first: number;
  }>(
    422,
    (d) =>
      `The column '${d.column}' of ${d.reference} has no finite number in ${d.rows} of ${d.total} rows (first in row ${d.first}). Fill or drop them where the training set is made.`,
  ),
  trainingRefused: entry<{ reference: string; reason: string }>(
    422,
    (d) => `Nothing can be learned from ${d.reference}: ${d.reason}`,
  ),
  learnerParameterInvalid: entry<{ learner: string; reason: string }>(
    400,
    (d) => `The learner '${d.learner}' cannot start: ${d.reason}`,
  ),
  recipeInvalid: entry<{ where: string; reason: string }>(
    422,
    (d) => `${d.where} is no recipe of ours: ${d.reason}. Take recipe.json from the run that made the model.`,
  ),
  jobNotFound: entry<{ id: string }>(404, (d) => `There is no job '${d.id}'. tidemill jobs list shows them.`),
  jobEnded: entry<{ id: string; state: string }>(
    409,
    (d) => `'${d.id}' has already ${d.state}; there is nothing to cancel. Submit it again if it is wanted.`,
  ),
  jobTooLarge: entry<{ resource: 'cpu' | 'memoryBytes' | 'gpu'; asked: number; most: number }>(
    422,
    (d) =>
      `The job asks for ${shownAmount(d.resource, d.asked)}, and this server gives its jobs ${shownAmount(d.resource, d.most)} in all. Ask for less, or start the server with more (tidemill up --help).`,
  ),
  jobFileInvalid: entry<{ path: string; reason: string }>(
    400,
    (d) => `The file '${d.path.slice(0, 200)}' cannot be handed to a job: ${d.reason}.`,
  ),
  jobFileNotFound: entry<{ job: string; path: string; role: string }>(
    404,
    (d) =>
      `The job '${d.job}' keeps no ${d.role} file '${d.path.slice(0, 200)}'. tidemill jobs files ${d.job} shows what it keeps.`,
  ),
  jobDiskFull: entry<{ removed: string; said: string }>(
    507,
    (d) =>
      `The disk was full when it wrote, and its ${d.removed} were removed so that the server can go on.${d.said} Make room, or let it write less.`,
  ),
  jobInputGone: entry<{ reference: string }>(
    409,
    (d) =>
      `Its input '${d.reference}' was deleted after the job was submitted. Submit it again with a version that is there.`,
  ),
  jobEnvironmentInvalid: entry<{ name: string; reason: string }>(
    400,
    (d) => `The variable '${d.name.slice(0, 200)}' cannot be handed to a job: ${d.reason}.`,
  ),
  jobHoldsToken: entry<{ where: string }>(
    400,
    (d) =>
      `The ${d.where} of the job would show the secret of a token to everybody who may read jobs. Leave it out: where tokens are asked for, each attempt finds one of its own in TIDEMILL_TOKEN. A token that may more can lie in a file on the server's machine, which the command reads.`,
  ),
  jobFileMissing: entry<{ path: string; count: number }>(
    409,
    (d) =>
      `${d.count} of the job's files are not stored, such as '${d.path}'. Store them first (POST /api/v1/jobs/files).`,
  ),
  environmentFileInvalid: entry<{ file: string; reason: string }>(
    400,
    (d) =>
      `No environment can be made from '${d.file}': ${d.reason}. Name a requirements.txt, pyproject.toml, uv.lock or script of the code, or 'auto' or 'none'.`,
  ),
  environmentNotBuilt: entry<{ file: string; tool: string; log: string }>(
    422,
    (d) =>
      `The environment that '${d.file}' asks for could not be made. ${d.tool} said: ${d.log}\nMend the file, or run without it (--dependencies none).`,
  ),
  jobNotRetried: entry<{ id: string; kind: string; state: string }>(
    409,
    (d) =>
      `'${d.id}' is a ${d.kind} that is ${d.state}; commands that failed or were cancelled can be tried again.`,
  ),
  jobNotCached: entry<{ folder: string }>(
    400,
    (d) =>
      `A command that runs in the folder '${d.folder}' itself cannot be taken from the cache, as nobody knows what it read there. Let its code go along (--code), or leave --cache out.`,
  ),
  rebuildImpossible: entry<{ run: string; reasons: string }>(
    409,
    (d) =>
      `The run '${d.run}' cannot be made again: ${d.reasons}. Runs of commands that finished can (tidemill jobs run).`,
  ),
  jobFailed: entry<{ id: string; attempts: number; reason: string }>(
    422,
    (d) =>
      `'${d.id}' failed in ${d.attempts === 1 ? 'its one attempt' : `each of ${d.attempts} attempts`}: ${d.reason}. Mend the cause and submit it again.`,
  ),
  commandFailed: entry<{ command: string; reason: string; log: string }>(
    422,
    (d) => `The command '${d.command}' ${d.reason}. ${d.log ? `It last said: ${d.log}` : 'It said nothing'}.`,
  ),
  sweepNotFound: entry<{ id: string }>(
    404,
    (d) => `There is no sweep '${d.id}'. tidemill sweeps list shows them.`,
  ),
  sweepInvalid: entry<{ reason: string }>(400, (d) => `The sweep cannot be searched: ${d.reason}.`),
  sweepNotResumed: entry<{ id: string; state: string }>(
    409,
    (d) => `'${d.id}' is ${d.state}; there is nothing to resume. Give a larger budget to extend it.`,
  ),
  sweepNotConfirmed: entry<{ id: string; reason: string }>(
    409,
    (d) => `The trials of '${d.id}' cannot be run again: ${d.reason}.`,
  ),
  confirmationInvalid: entry<{ reason: string }>(400, (d) => `No trial can be run again: ${d.reason}.`),
  sweepNotRegistered: entry<{ id: string; reason: string }>(
    409,
    (d) => `The sweep '${d.id}' has no model to register: ${d.reason}.`,
  ),
  trialModelMissing: entry<{ sweep: string; trial: number; run: string; found: string }>(
    422,
    (d) =>
      `Trial ${d.trial} of '${d.sweep}' left no model in its run ${d.run}: ${d.found}. Let the script log one (mlflow.autolog(), or log_model with name="model") and search again, or name another trial, or the model's 'path'.`,
  ),
  trialNotFound: entry<{ sweep: string; number: number }>(
    404,
    (d) => `The sweep '${d.sweep}' has no trial ${d.number}. Ask for one first.`,
  ),
  trialEnded: entry<{ sweep: string; number: number; state: string }>(
    409,
    (d) =>
      `Trial ${d.number} of '${d.sweep}' is ${d.state} already, with another result. Ask for a new trial.`,
  ),
  trialLeaseLost: entry<{ sweep: string; number: number }>(
    409,
    (d) =>
      `Trial ${d.number} of '${d.sweep}' was given to somebody else, as nothing was heard of it in time. Drop this one and ask again; report more often, or ask for a longer lease.`,
  ),
  trialValuesInvalid: entry<{ sweep: string; number: number; given: number; goals: string }>(
    400,
    (d) =>
      `Trial ${d.number} of '${d.sweep}' tells ${d.given} values; it takes one for each goal: ${d.goals}.`,
  ),
  sweepUnconfirmed: entry<{ id: string; reason: string }>(
    422,
    (d) => `The best trials of '${d.id}' were run again, and none could be chosen. ${d.reason}`,
  ),
  sweepFailed: entry<{ id: string; trials: number; reason: string }>(
    422,
    (d) => `None of the ${d.trials} trials of '${d.id}' gave a model; the first one: ${d.reason}`,
  ),

  searchSpaceInvalid: entry<{ where: string; problem: string }>(400, (d) => `${d.where} ${d.problem}.`),

  evaluationNotFound: entry<{ id: string }>(
    404,
    (d) => `There is no evaluation '${d.id}'. tidemill evaluations list shows them.`,
  ),
  evaluationRequestInvalid: entry<{ reason: string; remedy: string }>(
    400,
    (d) => `This cannot be evaluated: ${d.reason}. ${d.remedy}.`,
  ),
  evaluationRowsMissing: entry<{ dataset: string; reason: string }>(
    422,
    (d) => `${d.dataset} has no row to judge: ${d.reason}. Choose a table with labelled rows.`,
  ),
  evaluationClassesInvalid: entry<{ dataset: string; column: string; reason: string; remedy: string }>(
    422,
    (d) => `Column '${d.column}' of ${d.dataset} ${d.reason}. ${d.remedy}.`,
  ),
  evaluationPredictionInvalid: entry<{
    dataset: string;
    column: string;
    wanted: string;
    rows: number;
    total: number;
    first: number;
    value: string;
  }>(
    422,
    (d) =>
      `Column '${d.column}' of ${d.dataset} is not ${d.wanted} in ${d.rows} of ${d.total} rows, first in row ${d.first} (${d.value}). Mend those rows, or leave them out: --sql 'select … where …'.`,
  ),
  evaluationValueInvalid: entry<{ dataset: string; row: number; reason: string }>(
    422,
    (d) =>
      `The value of row ${d.row} of ${d.dataset} is not known: ${d.reason} 'prediction', 'outcome' and the columns can be read; a missing value is null.`,
  ),
  evaluationTooLarge: entry<{ dataset: string; rows: number; columns: number; most: number }>(
    413,
    (d) =>
      `${d.dataset} has ${d.rows} rows; with ${d.columns} columns at most ${d.most} are judged at once. Name fewer slices and columns to search, or judge a sample: --sql 'select … using sample …'.`,
  ),
  evaluationWindowInvalid: entry<{ dataset: string; reason: string }>(
    422,
    (d) => `${d.dataset} cannot be judged on this window: ${d.reason}. Choose another window.`,
  ),
  evaluationInputsMissing: entry<{ model: string; dataset: string; missing: string; known: string }>(
    422,
    (d) =>
      `${d.model} takes columns that ${d.dataset} does not have: ${d.missing}. Its columns are ${d.known}. Evaluate on a training set with the model's features.`,
  ),
  evaluationColumnInvalid: entry<{ dataset: string; column: string; reason: string }>(
    422,
    (d) =>
      `Column '${d.column}' of ${d.dataset} cannot be used: it ${d.reason}. Name another column, or mend it.`,
  ),
  evaluationValueMissing: entry<{
    dataset: string;
    column: string;
    rows: number;
    total: number;
    first: string;
  }>(
    422,
    (d) =>
      `Column '${d.column}' of ${d.dataset} has no finite number in ${d.rows} of the ${d.total} rows of the window, first at ${d.first}. Fill or drop those rows, or choose another window.`,
  ),
  evaluationOutputInvalid: entry<{ model: string; reason: string }>(
    422,
    (d) =>
      `The predictions of ${d.model} cannot be judged: ${d.reason}. Evaluate a model that gives one number per row.`,
  ),

  assessmentInvalid: entry<{ model: string; kind: string; reason: string; remedy: string }>(
    422,
    (d) => `The ${d.kind} of ${d.model} cannot be assessed: ${d.reason}. ${d.remedy}.`,
  ),
  studyNotFound: entry<{ id: string }>(
    404,
    (d) => `There is no study '${d.id}'. tidemill studies list shows them.`,
  ),
  studyEnded: entry<{ id: string; state: string }>(
    409,
    (d) => `The study ${d.id} has ended (${d.state}). Begin a new one.`,
  ),
  attributionImpossible: entry<{ model: string; reason: string }>(
    422,
    (d) =>
      `The answers of ${d.model} cannot be attributed exactly: ${d.reason}. Take kind importance, which works with any model.`,
  ),
  backtestTooShort: entry<{ dataset: string; times: number; reason: string }>(
    422,
    (d) =>
      `${d.dataset} with ${d.times} times is too short for this backtest: ${d.reason}. Ask for fewer folds, a shorter horizon or gap.`,
  ),

  gateNotFound: entry<{ model: string }>(
    404,
    (d) => `The model '${d.model}' has no gate. Declare one with PUT /api/v1/models/${d.model}/gate.`,
  ),
  gateRuleInvalid: entry<{ model: string; rule: string; reason: string }>(
    400,
    (d) =>
      `The rule '${d.rule}' of the gate of '${d.model}' cannot be used: ${d.reason} A rule may read metrics, intervals, slices, naive, baseline, champion, againstBaseline, againstChampion, window, source, task, model, data, signature, leakage, fairness, latency and skew.`,
  ),
  gateEvaluationMismatch: entry<{ model: string; evaluation: string; found: string }>(
    409,
    (d) =>
      `The evaluation ${d.evaluation} judges ${d.found}, not ${d.model}. Evaluate ${d.model} and check that evaluation.`,
  ),
  gateRefused: entry<{ model: string; reason: string }>(
    409,
    (d) =>
      `${d.model} cannot be approved: ${d.reason}. Approve a version that passes, or override with a reason ({"override": true, "reason": "…"}), which is audited.`,
  ),
  environmentRefused: entry<{ model: string; environment: string; reason: string }>(
    409,
    (d) =>
      `${d.model} may not enter '${d.environment}': ${d.reason}. tidemill models environments ${d.model} shows what is asked; tidemill models approve ${d.model} --environment ${d.environment} approves it, with --override and a reason where a rule fails.`,
  ),
  environmentUnknown: entry<{ model: string; environment: string; known: string }>(
    404,
    (d) =>
      `The gate of '${d.model}' has no environment '${d.environment}'. It has: ${d.known}. Declare it in the gate: "environments": { "${d.environment}": { … } }.`,
  ),
  approvalReasonMissing: entry<{ model: string }>(
    400,
    (d) => `A decision on ${d.model} needs a reason that says why. Send one in 'reason'.`,
  ),
  approverUnfit: entry<{ model: string; actor: string; reason: string }>(
    403,
    (d) => `${d.actor} cannot approve ${d.model}: ${d.reason}.`,
  ),
  approvalHandoverMissing: entry<{ model: string }>(
    400,
    (d) =>
      `The policy of ${d.model} asks for a hand-over note: what the people who will run it must know. Send one in 'handover' (--handover TEXT).`,
  ),
  attestationNoteMissing: entry<{ test: string }>(
    400,
    (d) => `What is attested of ${d.test} needs a note that says how it is done. Send one in 'note'.`,
  ),
  attestationNotFound: entry<{ model: string; test: string }>(
    404,
    (d) => `Nobody has attested ${d.test} of '${d.model}'. tidemill models score ${d.model} shows what was.`,
  ),
  cardTextChanged: entry<{ model: string; by: string }>(
    409,
    (d) =>
      `What is written about '${d.model}' was changed by ${d.by} meanwhile. Read it again, and send your change with its 'updatedAt' as 'since'.`,
  ),
  requestWithinFailed: entry<{ url: string; status: number; reason: string }>(
    502,
    (d) => `POST ${d.url} answered ${d.status}: ${d.reason}`,
  ),
  testCaseInvalid: entry<{ model: string; case: string; reason: string }>(
    400,
    (d) => `The test case '${d.case}' of '${d.model}' cannot be used: ${d.reason}.`,
  ),
  testCasesNotFound: entry<{ model: string }>(
    404,
    (d) =>
      `'${d.model}' has no test cases. Declare them in the project file (tests: { '${d.model}': { features, acceptance } }) or with tidemill tests set.`,
  ),
  modelTestNotFound: entry<{ id: string }>(
    404,
    (d) => `There is no test '${d.id}'. tidemill tests list MODEL@VERSION shows those of a version.`,
  ),
  modelTestEnded: entry<{ id: string; state: string }>(
    409,
    (d) => `The test ${d.id} has ended (${d.state}) and cannot be cancelled. Start another one.`,
  ),
  transitionRefused: entry<{ model: string; from: string; to: string; reason: string }>(
    409,
    (d) => `${d.model} is ${d.from} and cannot become ${d.to}: ${d.reason}.`,
  ),
  modelRetired: entry<{ model: string; what: string }>(
    409,
    (d) =>
      `${d.model} is retired, so ${d.what}. Restore it first: tidemill models transition ${d.model} candidate --reason <why>`,
  ),
  aliasUnreverted: entry<{ model: string; alias: string; reason: string }>(
    409,
    (d) => `The alias '${d.alias}' of '${d.model}' cannot be reverted: ${d.reason}.`,
  ),
  modelNotApproved: entry<{ model: string; approval: string }>(
    409,
    (d) =>
      `${d.model} is not approved (its approval is '${d.approval}'), so no endpoint may serve it. Approve it first: POST /api/v1/models/{name}/versions/{version}/approvals, with override and a reason if its gate refuses.`,
  ),
  promotionRequested: entry<{
    promotion: string;
    state: string;
    model: string;
    alias: string;
    endpoint: string;
    rollout: string;
  }>(
    409,
    (d) =>
      `The alias '${d.alias}' follows ${d.endpoint}, so it was not moved to ${d.model} but a promotion asked for: ${d.promotion} is ${d.state} (rollout: ${d.rollout}). The version has to show itself in shadow and canary; when it goes live, the alias moves by itself. See GET /api/v1/promotions/${d.promotion}.`,
  ),
  promotionRefused: entry<{
    promotion: string;
    model: string;
    alias: string;
    endpoint: string;
    reason: string;
  }>(
    409,
    (d) =>
      `The alias '${d.alias}' follows ${d.endpoint} and was not moved to ${d.model}, because ${d.reason}. Evaluate the version and hold it against the gate, or approve it with override and a reason (POST /api/v1/models/{name}/versions/{version}/approvals); then set the alias again. This refusal is ${d.promotion}.`,
  ),
  promotionNotFound: entry<{ id: string }>(
    404,
    (d) => `There is no promotion '${d.id}'. GET /api/v1/promotions lists them.`,
  ),
  promotionTaken: entry<{ id: string; state: string }>(
    409,
    (d) => `The promotion '${d.id}' is ${d.state} already; nothing more is started for it.`,
  ),
  bundleInvalid: entry<{ part: string; reason: string }>(
    422,
    (d) => `The bundle cannot be read at ${d.part}: ${d.reason}. Export it again (GET …/versions/N/bundle).`,
  ),
  bundleUnavailable: entry<{ model: string; reason: string }>(
    409,
    (d) =>
      `${d.model} cannot be exported as a bundle: ${d.reason}. Bundles are made of models trained by Tidemill on a training set built by it.`,
  ),

  // serving
  endpointNotFound: entry<{ name: string }>(
    404,
    (d) =>
      `There is no endpoint '${d.name}'. tidemill endpoints list shows them; PUT /api/v1/endpoints/${d.name} makes one.`,
  ),
  inferRequestInvalid: entry<{ problem: string }>(
    400,
    (d) =>
      `The inference request cannot be read: ${d.problem}. docs/serving.md has the form; GET /v2/models/{endpoint} names the tensors.`,
  ),
  endpointNotReady: entry<{ name: string; reason: string }>(
    503,
    (d) =>
      `Endpoint '${d.name}' is not ready: ${d.reason}. POST /v2/repository/models/${d.name}/load loads its models; tidemill endpoints show ${d.name} tells their state.`,
  ),
  repositoryActionUnsupported: entry<{ what: string }>(
    400,
    (d) =>
      `${d.what} is not taken here: models come from the registry. tidemill models register makes a version, PUT /api/v1/endpoints/NAME serves it.`,
  ),
  erasureNotFound: entry<{ id: string }>(
    404,
    (d) => `There is no erasure '${d.id}'. tidemill subjects list shows them.`,
  ),
  predictionNotFound: entry<{ id: string; where: string }>(
    404,
    (d) =>
      `The log of ${d.where} holds no prediction '${d.id}'. tidemill predictions list ENDPOINT shows the newest with their ids.`,
  ),
  endpointRevisionNotFound: entry<{ name: string; revision: string }>(
    404,
    (d) =>
      `The endpoint '${d.name}' has no revision ${d.revision}. GET /api/v1/endpoints/${d.name}/revisions lists them.`,
  ),
  endpointDefinitionInvalid: entry<{ name: string; reason: string }>(
    400,
    (d) => `The endpoint '${d.name}' cannot be made: ${d.reason}. Change the definition and send it again.`,
  ),
  endpointChanged: entry<{ name: string }>(
    409,
    (d) =>
      `The endpoint '${d.name}' was changed by somebody else meanwhile. Look at it, and send your change again.`,
  ),
  featureInvalid: entry<{
    endpoint: string;
    record: number;
    /** The first, and what is wrong with it and with the others. */
    feature: string;
    problem: string;
    /** Everything that is wrong with the record. */
    fields?: readonly { name: string; problem: string; found: string; expected: string }[];
  }>(
    400,
    (d) =>
      `Endpoint '${d.endpoint}', record ${d.record}, feature '${d.feature}': ${d.problem}. Send every feature as the model's signature has it; numbers must be finite.`,
  ),
  endpointTakesTensors: entry<{ endpoint: string; model: string }>(
    400,
    (d) =>
      `Endpoint '${d.endpoint}': ${d.model} has no signature with named columns, so no record can be read for it. Send tensors (POST /v2/models/${d.endpoint}/infer), or log the model with a signature.`,
  ),
  endpointVersionNotFound: entry<{ endpoint: string; version: string; live: string }>(
    404,
    (d) =>
      `No variant of endpoint '${d.endpoint}' serves model version ${d.version}; live is ${d.live}. Ask for one of these, or for none.`,
  ),
  scoringInputInvalid: entry<{ reason: string }>(
    400,
    (d) =>
      `What was sent to be predicted cannot be read: ${d.reason}. docs/serving.md shows each format that is taken.`,
  ),
  defaultEndpointUnset: entry<object>(
    404,
    () =>
      'This address names no endpoint, and none is the default. Send it to /endpoints/NAME/invocations, or start the server with tidemill up --default-endpoint NAME.',
  ),
  recordsTooMany: entry<{ endpoint: string; count: number; limit: number }>(
    413,
    (d) =>
      `Endpoint '${d.endpoint}' was asked for ${d.count} predictions at once. Send at most ${d.limit} records in a request, and the others in further ones.`,
  ),
  idempotencyKeyReused: entry<{ endpoint: string; key: string }>(
    422,
    (d) =>
      `The idempotency key '${d.key}' came to endpoint '${d.endpoint}' with another request within the last ten minutes. Send each request with a key of its own, and the same body with the same key only to try again.`,
  ),
  featuresUnavailable: entry<{ endpoint: string; record: number; reason: string }>(
    503,
    (d) =>
      `Endpoint '${d.endpoint}', record ${d.record}: ${d.reason}, and the endpoint has no fallback rule. Materialize the view, or give the endpoint a fallback.`,
  ),
  predictionUnavailable: entry<{ endpoint: string; reason: string }>(
    503,
    (d) =>
      `The endpoint '${d.endpoint}' cannot predict now: ${d.reason}. Try again, or give the endpoint a fallback rule that can answer.`,
  ),
  endpointBusy: entry<{ endpoint: string; reason: string; retryAfterSeconds: number }>(
    429,
    (d) =>
      `The endpoint '${d.endpoint}' is asked more than it can answer: ${d.reason}. Try again in ${d.retryAfterSeconds} s.`,
  ),
  eventTimeInvalid: entry<{ value: string }>(
    400,
    (d) => `'${d.value}' is not a time. Send epoch milliseconds or ISO 8601 such as 2023-08-31T00:00:00Z.`,
  ),
  scoringInvalid: entry<{ reason: string }>(
    400,
    (d) =>
      `The batch scoring cannot be done: ${d.reason}. tidemill endpoints score --help shows what it takes; datasets derive makes a version with other columns.`,
  ),
  scoringNotFound: entry<{ id: string }>(
    404,
    (d) => `There is no batch scoring '${d.id}'. tidemill scorings list shows those that are.`,
  ),
  scoringEnded: entry<{ id: string; state: string }>(
    409,
    (d) => `The batch scoring ${d.id} has ended: ${d.state}. Begin another with tidemill endpoints score.`,
  ),
  logRedactionInvalid: entry<{ endpoint: string; column: string }>(
    400,
    (d) =>
      `'${d.column}' is part of the entity of '${d.endpoint}': outcomes and erasures find a prediction by it, so it cannot be kept out of the log. Name other columns, or an entity that may be written, with tidemill endpoints log set.`,
  ),
  outcomeInvalid: entry<{ endpoint: string; index: number; problem: string }>(
    400,
    (d) =>
      `Outcome ${d.index} for endpoint '${d.endpoint}': ${d.problem}. Send value with predictionId, or with entity and eventTime.`,
  ),
  outcomesNotStored: entry<{ endpoint: string; reason: string }>(
    503,
    (d) =>
      `The outcomes for endpoint '${d.endpoint}' could not be written: ${d.reason}. None is acknowledged; send them again.`,
  ),
  rolloutNotFound: entry<{ id: string }>(
    404,
    (d) => `There is no rollout '${d.id}'. tidemill rollouts list shows them.`,
  ),
  rolloutActive: entry<{ endpoint: string; rollout: string }>(
    409,
    (d) =>
      `The endpoint '${d.endpoint}' already has an active rollout (${d.rollout}). Wait for its decision, or roll it back first.`,
  ),
  rolloutFinished: entry<{ id: string; stage: string }>(
    409,
    (d) =>
      `The rollout '${d.id}' has ended (${d.stage}). To take back what is live, use POST /api/v1/endpoints/{name}/rollback.`,
  ),
  rolloutRefused: entry<{ endpoint: string; reason: string }>(
    409,
    (d) => `No rollout can start on endpoint '${d.endpoint}': ${d.reason}.`,
  ),

  // operations
  monitorNotFound: entry<{ name: string; known: string }>(
    404,
    (d) => `There is no monitor '${d.name}'. ${d.known}.`,
  ),
  monitorInvalid: entry<{ name: string; reason: string }>(
    400,
    (d) =>
      `The monitor '${d.name}' cannot be declared: ${d.reason}. Change the definition and send it again.`,
  ),
  monitorAutomatic: entry<{ name: string; view: string }>(
    409,
    (d) =>
      `The monitor '${d.name}' watches the view '${d.view}' by itself. Declare a monitor of the same kind for the view, which replaces it, take the view's freshness objective away, or start the server with --feature-watch off.`,
  ),
  monitorNotReady: entry<{ name: string; reason: string }>(
    409,
    (d) => `The monitor '${d.name}' has nothing to judge: ${d.reason}.`,
  ),
  auditNotIntact: entry<{ position: number; problem: string }>(
    409,
    (d) =>
      `The audit is not intact at entry ${d.position}: ${d.problem}. tidemill audit verify says more; no evidence is made from it.`,
  ),
  ownerSubjectInvalid: entry<{ subject: string }>(
    400,
    (d) =>
      `'${d.subject}' has no owner: models and endpoints have one. Write model:forecaster or endpoint:forecast.`,
  ),
  ownerChanged: entry<{ subject: string; by: string }>(
    409,
    (d) => `${d.by} changed the owner or the consumers of ${d.subject} since you read them. Read them again.`,
  ),
  commentSubjectInvalid: entry<{ subject: string; kinds: string }>(
    400,
    (d) =>
      `'${d.subject}' has no thread of comments. There is one for each of these kinds: ${d.kinds}; write model:forecaster@7.`,
  ),
  commentNotFound: entry<{ id: string }>(
    404,
    (d) => `There is no comment '${d.id}', or it was deleted. tidemill comments list URI shows a thread.`,
  ),
  commentNotYours: entry<{ id: string; author: string }>(
    403,
    (d) =>
      `The comment '${d.id}' is ${d.author}'s: its author edits it, its author or an admin deletes it. Write one of your own instead.`,
  ),
  commentChanged: entry<{ id: string }>(
    409,
    (d) => `The comment '${d.id}' was edited or deleted since you read it. Read it again.`,
  ),
  alertNotFound: entry<{ id: string }>(
    404,
    (d) => `There is no alert '${d.id}'. tidemill alerts list shows them.`,
  ),
  alertResolved: entry<{ id: string }>(
    409,
    (d) => `The alert '${d.id}' is resolved already. A new breach opens a new alert.`,
  ),
  retrainingPolicyNotFound: entry<{ name: string; known: string }>(
    404,
    (d) => `There is no retraining policy '${d.name}'. ${d.known}.`,
  ),
  retrainingPolicyInvalid: entry<{ name: string; field: string; reason: string }>(
    400,
    (d) =>
      `The retraining policy '${d.name}' cannot be declared: ${d.field} ${d.reason}. Change the definition and send it again.`,
  ),
  loopRunJobFailed: entry<{ id: string; state: string; reason: string }>(
    422,
    (d) =>
      `The job ${d.id} of the script has ${d.state === 'cancelled' ? 'been cancelled' : 'failed'}: ${d.reason}`,
  ),
  loopRunNotFound: entry<{ id: string }>(
    404,
    (d) => `There is no loop run '${d.id}'. tidemill loop list shows them.`,
  ),
  loopRunActive: entry<{ endpoint: string; run: string }>(
    409,
    (d) =>
      `The endpoint '${d.endpoint}' already has an active loop run (${d.run}). Wait for its decision, or cancel it.`,
  ),
  loopRunEnded: entry<{ id: string; state: string }>(
    409,
    (d) => `The loop run '${d.id}' has already ${d.state}; there is nothing to cancel.`,
  ),
  projectInvalid: entry<{ path: string; reason: string }>(
    422,
    (d) => `The project file is not right at ${d.path}: ${d.reason}. Mend it there and apply it again.`,
  ),
} as const;

type Catalogue = typeof catalogue;
export type ErrorCode = keyof Catalogue;
type DetailsOf<C extends ErrorCode> = Catalogue[C] extends Entry<infer D> ? D : never;

type Factories = { [C in ErrorCode]: (details: DetailsOf<C>, cause?: unknown) => TidemillError };

/** `throw errors.tokenNotFound({ id })`: the one way to fail. */
export const errors: Factories = Object.fromEntries(
  Object.entries(catalogue).map(([code, found]) => [
    code,
    (details: Record<string, unknown>, cause?: unknown) =>
      new TidemillError({
        code,
        status: found.status,
        message: (found.message as (d: Record<string, unknown>) => string)(details),
        details,
        cause,
      }),
  ]),
) as unknown as Factories;
