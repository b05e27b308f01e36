/** What goes wrong before the server is asked. Codes as in the server's catalogue: stable, for scripts. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

export const failures = {
  fileNotFound: (path: string) =>
    new CliError('fileNotFound', `There is no file ${path}. Give the path of a file that is there.`),
  fileUnreadable: (path: string, cause: unknown) =>
    new CliError('fileUnreadable', `${path} cannot be read: ${reasonOf(cause)}.`, cause),
  fileIsBinary: (path: string, size: string) =>
    new CliError('fileIsBinary', `${path} is no text (${size}). Write it to a file: -o FILE.`),
  fileNotWritten: (path: string, cause: unknown) =>
    new CliError('fileNotWritten', `${path} cannot be written: ${reasonOf(cause)}.`, cause),
  folderNotEmpty: (path: string, count: number) =>
    new CliError(
      'folderNotEmpty',
      `${path} is not empty (${count} entries), and nothing of it is to be lost. Name a folder that is not there yet.`,
    ),
  runNotLaidOut: (run: string, reason: string) =>
    new CliError('runNotLaidOut', `The run ${run} cannot be laid out: ${reason}.`),
  downloadDamaged: (path: string) =>
    new CliError(
      'downloadDamaged',
      `${path} did not come as the server has it, and was thrown away. Try again.`,
    ),
  formatUnknown: (path: string) =>
    new CliError(
      'formatUnknown',
      `The name ${path} does not say its format. A file to send is .csv, .tsv, .parquet, .json or .ndjson, also with .gz or .zst behind; one to write also .arrow. Or give --format.`,
    ),
  nameUnclear: (path: string) =>
    new CliError('nameUnclear', `No dataset name follows from ${path}. Give one: --name prices.`),
  auditFileUnknown: (path: string, reason: string) =>
    new CliError(
      'auditFileUnknown',
      `${path} cannot be verified: ${reason}. Give a whole export: tidemill audit export -o audit.ndjson.`,
    ),
  expectInvalid: (text: string) =>
    new CliError(
      'expectInvalid',
      `'${text}' is no head of a chain. Give it as verify printed it: 1234:9f86d081… with 64 hex digits.`,
    ),
  passwordMissing: () =>
    new CliError('passwordMissing', 'No password was given. Type it, or pipe it in as a line.'),
  passwordsDiffer: () =>
    new CliError('passwordsDiffer', 'The two passwords are not the same; nothing was changed. Try again.'),
  burstAlone: () =>
    new CliError('burstAlone', '--burst says how many requests may come at once of a --rate. Give both.'),
  referenceMissing: () =>
    new CliError('referenceMissing', 'Name a version (prices@3), a dataset (prices), or give --all.'),
  tagMissing: (reference: string) =>
    new CliError('tagMissing', `'${reference}' names no tag. Write prices@2023-09.`),
  pairInvalid: (text: string) =>
    new CliError('pairInvalid', `'${text}' is not of the form key=value, such as symbol=AAPL.`),
  numberInvalid: (text: string) =>
    new CliError('numberInvalid', `'${text}' does not give a number, such as penalty=0.1.`),
  jsonInvalid: (path: string, cause: unknown) =>
    new CliError('jsonInvalid', `${path} is not JSON: ${reasonOf(cause)}.`, cause),
  definitionInvalid: (path: string, reason: string, cause?: unknown) =>
    new CliError('definitionInvalid', `${path} cannot be used: ${reason}`, cause),
  timeInvalid: (text: string) =>
    new CliError(
      'timeInvalid',
      `'${text}' is not a time. Write 2024-03-01, 2024-03-01T14:05:00Z or milliseconds since 1970.`,
    ),
  versionsUnsaid: (name: string) =>
    new CliError(
      'versionsUnsaid',
      `'${name}' names a model, not a version. Name one (${name}@1), or say --all-versions to delete the model whole.`,
    ),
  experimentUnknown: (name: string) =>
    new CliError(
      'experimentUnknown',
      `There is no experiment '${name}'. List them: tidemill experiments list.`,
    ),
  evaluationMissing: (reference: string) =>
    new CliError(
      'evaluationMissing',
      `${reference} has no evaluation yet. Make one: tidemill evaluations run ${reference} --dataset … --target … --time-column …`,
    ),
  optionMissing: (option: string, why: string) =>
    new CliError('optionMissing', `${option} is missing: ${why}`),
  lineageNotTaken: (url: string, events: number, reason: string) =>
    new CliError(
      'lineageNotTaken',
      `${url} takes no more after ${events} events: ${reason}. Sending them again is safe: their run ids stay the same.`,
    ),
  codeFolderUnclear: (folder: string) =>
    new CliError(
      'codeFolderUnclear',
      `${folder} is not sent along as code: it is no project's folder. Go into the project, or give --code FOLDER, --in-place or --no-code.`,
    ),
  codeTooLarge: (folder: string, what: string, largest: string) =>
    new CliError(
      'codeTooLarge',
      `${folder} has ${what}, too much to send along as code; the largest: ${largest}. Let .gitignore name what is no code, give --code FOLDER, or run it where it lies with --in-place.`,
    ),
  fileChanged: (path: string) =>
    new CliError('fileChanged', `${path} changed while it was sent. Try again when nothing writes to it.`),
  goalInvalid: (text: string) =>
    new CliError('goalInvalid', `'${text}' is no goal. Write val_rmse:min or accuracy:max.`),
  simplestInvalid: (text: string) =>
    new CliError('simplestInvalid', `'${text}' does not say what is simple. Write depth:low or lambda:high.`),
  modelUnclear: () =>
    new CliError('modelUnclear', 'Say whose model it is: --run ID, or --sweep ID with or without --trial N.'),
  rulesMixed: () => new CliError('rulesMixed', '--lambda and --simplest are of two rules. Give one of them.'),
  prunerOptionMisplaced: (option: string, pruners: readonly string[]) =>
    new CliError(
      'prunerOptionMisplaced',
      `${option} is a setting of --pruner ${pruners.join(' or ')}. Name it, or leave the setting out.`,
    ),
  prunerOptionMissing: (pruner: string, option: string) =>
    new CliError('prunerOptionMissing', `The pruner ${pruner} needs ${option}.`),
  serverNotStarted: (output: string) =>
    new CliError('serverNotStarted', `The fresh server did not start: ${output.trim() || 'it said nothing'}`),
} as const;
