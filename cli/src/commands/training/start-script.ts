/** What of a job's description is needed. */
export interface LaidOutSpec {
  readonly experiment: string;
  readonly command: readonly string[];
  readonly code: { readonly files: number } | null;
  readonly workingDirectory: string | null;
  readonly inputs: readonly string[];
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly seed: number | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly window?: unknown;
}

export interface StartedRun {
  readonly run: string;
  readonly spec: Pick<LaidOutSpec, 'command' | 'code' | 'experiment' | 'seed' | 'environment'>;
  /** Where it logs to, unless told otherwise. */
  readonly url: string;
  /** Version of its interpreter; null where none was found. */
  readonly python: string | null;
}

/** Another environment, and a sweep that is over. */
const ofThatPlace = /^(?:VIRTUAL_ENV|CONDA_PREFIX|TIDEMILL_SWEEP_ID|TIDEMILL_TRIAL)$/;

/** A shell script that starts a run where it was laid out, as its job did. */
export function startScript({ run, spec, url, python }: StartedRun): string {
  const { command, code, experiment, seed, environment } = spec;
  const own = Object.entries(environment).filter(([name]) => !ofThatPlace.test(name));
  return [
    '#!/bin/sh',
    `# Run ${run}, laid out here. What it reads and writes is in this folder.`,
    'set -eu',
    'here=$(cd "$(dirname "$0")" && pwd)',
    ...own.map(([name, value]) => `export ${name}=${quote(value)}`),
    ...(python === null ? [] : makeEnvironment(python)),
    ...(seed === null ? [] : [`export PYTHONHASHSEED=${seed}`]),
    'export TIDEMILL_PARAMS="$here/params.json" TIDEMILL_JOB_FOLDER="$here"',
    `: "\${TIDEMILL_URL:=${url}}" "\${MLFLOW_TRACKING_URI:=$TIDEMILL_URL}"`,
    `export TIDEMILL_URL MLFLOW_TRACKING_URI MLFLOW_EXPERIMENT_NAME=${quote(experiment)}`,
    `cd "$here${code === null ? '' : '/code'}"`,
    `exec ${words(command).map(quote).join(' ')}`,
    '',
  ].join('\n');
}

/** Of the same minor version, by uv where there is one. */
function makeEnvironment(version: string): string[] {
  const minor = version.split('.').slice(0, 2).join('.');
  return [
    'if [ "$*" = --as-is ]; then',
    '  :  # in the Python that is found',
    'elif [ ! -f "$here/.venv/made" ]; then',
    '  if command -v uv >/dev/null; then',
    `    uv venv --quiet --clear --python ${minor} "$here/.venv"`,
    '    uv pip install --quiet --no-deps --python "$here/.venv/bin/python" -r "$here/requirements.lock"',
    '  else',
    `    python=$(command -v python${minor} || command -v python3)`,
    `    "$python" -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "${minor}")' ||`,
    `      { echo "It needs Python ${minor}, and there is only $("$python" -V)." >&2; exit 1; }`,
    '    "$python" -m venv --clear "$here/.venv"',
    '    "$here/.venv/bin/python" -m pip install --quiet --no-deps -r "$here/requirements.lock"',
    '  fi',
    '  touch "$here/.venv/made"',
    'fi',
    '[ "$*" = --as-is ] || export VIRTUAL_ENV="$here/.venv" PATH="$here/.venv/bin:$PATH"',
  ];
}

/** A notebook by Jupyter's own means; an interpreter by its path would be another than that of the environment. */
function words(command: readonly string[]): string[] {
  const [first = '', ...rest] = command;
  if (rest.length === 0 && first.endsWith('.ipynb')) return ['jupyter', 'execute', '--inplace', first];
  return [/\/python[\d.]*$/.test(first) ? 'python' : first, ...rest];
}

const quote = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
