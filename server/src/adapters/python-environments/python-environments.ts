/** Environments for Python programs: made of what a project says it needs, kept by the digest of that. */

/**
 * How a file says what is needed: `script` in a comment of its own (PEP 723), `lock` as `uv.lock` beside its
 * `pyproject.toml`, `project` as the dependencies of a `pyproject.toml`, `requirements` as pip reads them,
 * `frozen` as the list of all that is to be there, and nothing else.
 */
export type EnvironmentFileKind = 'script' | 'lock' | 'project' | 'requirements' | 'frozen';

export interface EnvironmentRequest {
  /** Holds the file, and whatever it names: other lists, local packages. */
  readonly folder: string;
  /** Relative to the folder. */
  readonly file: string;
  readonly kind: EnvironmentFileKind;
  /** The interpreter's version, to its minor number; whichever is found when absent. */
  readonly python?: string;
  /** More that must be there, as requirements. */
  readonly extra: readonly string[];
  /** The whole environment of every program that builds it: `PATH` says which Python, and whether there is a `uv`. */
  readonly env: Readonly<Record<string, string>>;
  /** Told once a build is needed, as it takes a while. */
  readonly onBuild: (tool: EnvironmentTool) => Promise<void>;
  /** Runs one step of a build to its end, and fails if the step did. */
  readonly run: (step: BuildStep) => Promise<void>;
  readonly signal: AbortSignal;
}

export interface BuildStep {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export type EnvironmentTool = 'uv' | 'pip';

export interface PythonEnvironment {
  /** A virtual environment: `bin/python` is its interpreter. */
  readonly folder: string;
  /** Of the files' contents, the interpreter and the platform. */
  readonly digest: string;
  readonly tool: EnvironmentTool;
}

export interface InspectRequest {
  /** Whose Python it is about: its own first word, or what `python` is to what it starts. */
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface PythonInspection {
  readonly executable: string;
  readonly version: string;
  readonly implementation: string;
  /** Each as a requirement that names this very one, by name. */
  readonly packages: readonly string[];
  /** Changes with the interpreter and with what is installed. */
  readonly fingerprint: string;
}

export interface PythonEnvironments {
  /**
   * The environment, built unless there is one; whoever wants the same one meanwhile waits. What a process that was
   * killed left behind is never taken for one. Fails with `environmentNotBuilt`, or as `run` fails.
   */
  ensure(request: EnvironmentRequest): Promise<PythonEnvironment>;
  /** What `ensure` would give, without building anything: `folder` is null where it is not built yet. */
  find(
    request: Omit<EnvironmentRequest, 'run' | 'onBuild'>,
  ): Promise<Pick<PythonEnvironment, 'digest'> & { readonly folder: string | null }>;
  /** Null where there is no Python, or none that answers. Cheap as long as nothing was installed since the last time. */
  inspect(request: InspectRequest): Promise<PythonInspection | null>;
}
