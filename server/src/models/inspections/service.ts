import type {
  Input,
  inspectionEndpoints,
  ModelInspection,
  ModelVersion,
  SignatureField,
} from '@tidemill/contract';
import type { Blobs } from '../../adapters/blobs/blobs.ts';
import type { Compute } from '../../adapters/executor/executor.ts';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import { formatReference } from '../../base/references.ts';
import type { Registry } from '../registry/service.ts';
import { advisoriesOf, toPickledFile, warningsOf } from './findings.ts';
import type { ScannedPickle } from './pickle-worker.ts';
import { parseRequirements, pinned } from './versions.ts';

/** What an MLmodel file says that is shown; the parser is handed in by `app.ts`. */
export interface DescribedModel {
  readonly signature: {
    readonly inputs: readonly DescribedField[];
    readonly outputs: readonly DescribedField[];
    readonly parameters: readonly DescribedField[];
  };
  readonly flavors: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly examplePath: string | null;
  readonly mlflowVersion: string | null;
}

interface DescribedField {
  readonly name: string;
  readonly type: string;
  readonly required?: boolean;
  readonly shape?: readonly number[];
}

export interface InspectionsDependencies {
  readonly blobs: Pick<Blobs, 'read' | 'localPath'>;
  readonly compute: Pick<Compute, 'compute'>;
  readonly registry: Pick<Registry, 'resolve'>;
  readonly parseMLmodel: (text: string) => DescribedModel;
}

type Contract = typeof inspectionEndpoints;
type Framework = ModelInspection['frameworks'][number];

const pickleName = /\.(?:pkl|pickle|joblib|dill|pth?)$/i;
const mostPickles = 100;
const mostTextBytes = 4_000_000;
const shownRows = 5;
const kept = 200;
const module = new URL('./pickle-worker.ts', import.meta.url);
/** What the flavor of each library calls its version. */
const flavorPackages: Readonly<Record<string, readonly [string, string]>> = {
  sklearn: ['sklearn_version', 'scikit-learn'],
  xgboost: ['xgb_version', 'xgboost'],
  lightgbm: ['lgb_version', 'lightgbm'],
  catboost: ['catboost_version', 'catboost'],
  pytorch: ['pytorch_version', 'torch'],
  onnx: ['onnx_version', 'onnx'],
  tensorflow: ['tensorflow_version', 'tensorflow'],
  keras: ['keras_version', 'keras'],
  statsmodels: ['statsmodels_version', 'statsmodels'],
};

/** What the files of a version say, read without running any of them. */
export function createInspections({ blobs, compute, registry, parseMLmodel }: InspectionsDependencies) {
  /** By digest: the files of a version never change. */
  const known = new Map<string, Omit<ModelInspection, 'model'>>();

  async function readText(version: ModelVersion, path: string): Promise<string | null> {
    const file = version.files.find((each) => each.path === path);
    if (!file || file.size > mostTextBytes) return null;
    return new TextDecoder().decode(await blobs.read(file.sha256));
  }

  async function scan(version: ModelVersion, signal?: AbortSignal): Promise<ScannedPickle[]> {
    const pickles = version.files.filter(({ path }) => pickleName.test(path));
    if (pickles.length === 0) return [];
    const input = await Promise.all(
      pickles
        .slice(0, mostPickles)
        .map(async ({ path, sha256 }) => ({ path, local: await blobs.localPath(sha256) })),
    );
    const scanned = await compute.compute<ScannedPickle[]>(
      { module, name: 'scanPickles', input },
      signal ? { signal } : {},
    );
    const rest = pickles.slice(mostPickles);
    const stoppedBy = `only ${mostPickles} pickles of a model are read`;
    return [...scanned, ...rest.map(({ path }) => ({ path, imports: [], stoppedBy }))];
  }

  async function frameworksOf(version: ModelVersion, model: DescribedModel): Promise<Framework[]> {
    const stated = Object.entries(flavorPackages).flatMap(([flavor, [field, name]]) => {
      const value = model.flavors[flavor]?.[field];
      return typeof value === 'string' ? [{ name, version: value, from: 'MLmodel' }] : [];
    });
    const python = model.flavors.python_function?.python_version;
    const asked = parseRequirements((await readText(version, 'requirements.txt')) ?? '').map(
      ({ name, asked: text }) => ({ name, version: pinned(text) ?? text, from: 'requirements.txt' }),
    );
    const all: Framework[] = [
      ...(typeof python === 'string' ? [{ name: 'python', version: python, from: 'MLmodel' }] : []),
      ...(model.mlflowVersion === null
        ? []
        : [{ name: 'mlflow', version: model.mlflowVersion, from: 'MLmodel' }]),
      ...stated,
      ...asked,
    ];
    // What it was saved with goes before what it asks for, where both say a version.
    const isTold = ({ name, from }: Framework) =>
      from === 'requirements.txt' && all.some((other) => other.name === name && other.from === 'MLmodel');
    return all.filter((framework) => !isTold(framework) || !/^\d/.test(framework.version));
  }

  async function exampleOf(version: ModelVersion, path: string | null): Promise<ModelInspection['example']> {
    const found =
      path ??
      (version.files.some((file) => file.path === 'input_example.json') ? 'input_example.json' : null);
    const text = found === null ? null : await readText(version, found);
    if (found === null || text === null) return null;
    const table = readTable(text);
    if (table) return { path: found, ...table, text: null };
    return { path: found, columns: [], rows: [], text: text.slice(0, 2000) };
  }

  async function inspect(
    version: ModelVersion,
    signal?: AbortSignal,
  ): Promise<Omit<ModelInspection, 'model'>> {
    const text = await readText(version, 'MLmodel');
    if (text === null) {
      const reason =
        version.digest === null
          ? 'there are no files of it here'
          : 'its MLmodel file is missing or too large';
      throw errors.modelUnreadable({ model: version.reference, reason });
    }
    const model = parseMLmodel(text);
    const frameworks = await frameworksOf(version, model);
    const pickles = (await scan(version, signal)).map(toPickledFile);
    const { inputs, outputs, parameters } = model.signature;
    return {
      inputs: inputs.map(toField),
      outputs: outputs.map(toField),
      parameters: parameters.map(toField),
      example: await exampleOf(version, model.examplePath),
      frameworks,
      pickles,
      warnings: warningsOf(pickles, frameworks),
      advisoriesOf,
    };
  }

  return {
    /** @throws modelUnreadable where its files are elsewhere */
    async get(
      { name, version: number }: Input<Contract['get']>,
      caller: Caller,
      signal?: AbortSignal,
    ): Promise<ModelInspection> {
      const version = await registry.resolve(formatReference(name, number), caller.workspace);
      const { digest, reference: model } = version;
      const found = (digest !== null && known.get(digest)) || (await inspect(version, signal));
      if (digest !== null) {
        known.delete(digest);
        known.set(digest, found);
        for (const oldest of [...known.keys()].slice(0, Math.max(0, known.size - kept))) known.delete(oldest);
      }
      return { model, ...found };
    },
  };
}

export type Inspections = ReturnType<typeof createInspections>;

const toField = ({ name, type, required = true, shape }: DescribedField): SignatureField => ({
  name,
  type,
  required,
  shape: shape ? [...shape] : null,
});

/** As pandas writes a frame (`split`), or records. Null where it is no table. */
function readTable(text: string): { columns: string[]; rows: unknown[][] } | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return null;
    if ('data' in value && Array.isArray(value.data) && value.data.every(Array.isArray)) {
      const columns = 'columns' in value && Array.isArray(value.columns) ? value.columns.map(String) : [];
      return { columns, rows: value.data.slice(0, shownRows) };
    }
    if (!Array.isArray(value) || value.length === 0) return null;
    if (!value.every((row) => typeof row === 'object' && row !== null && !Array.isArray(row))) return null;
    const columns = [...new Set(value.flatMap((row) => Object.keys(row as object)))];
    const cellsOf = (row: Record<string, unknown>) => columns.map((column) => row[column] ?? null);
    return { columns, rows: value.slice(0, shownRows).map(cellsOf) };
  } catch {
    return null;
  }
}
