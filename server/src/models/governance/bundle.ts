/** A bundle: what it takes to make a model version again, as one tar file; and how such a file is opened safely. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  type Content,
  DatasetVersion,
  type Download,
  FeatureService,
  FeatureView,
  Json,
  type ModelVersion,
  TrainingSetDefinition,
  VersionErasure,
} from '@tidemill/contract';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { errors } from '../../base/errors.ts';
import { parseUri } from '../../base/references.ts';
import { packTar, type TarEntry, unpackTar } from '../../base/tar.ts';
import type { Datasets } from '../../data/datasets/service.ts';
import type { Features } from '../../data/features/service.ts';

const Hash = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Manifest = Type.Object({
  columns: DatasetVersion.properties.columns,
  chunks: Type.Array(Type.Object({ digest: Hash, rows: Type.Integer({ minimum: 0 }) })),
});

export const Bundle = Type.Object({
  format: Type.Literal(1),
  model: Type.String({ maxLength: 300 }),
  digest: Hash,
  files: Type.Array(Type.Object({ path: Type.String(), sha256: Hash, size: Type.Integer() })),
  recipe: Json,
  trainingSet: DatasetVersion,
  /** Null when the training set is a source itself, such as an upload. */
  definition: Type.Union([TrainingSetDefinition, Type.Null()]),
  views: Type.Array(FeatureView),
  /** The service that the training set takes its features of; bundles of before services have no such list. */
  services: Type.Optional(Type.Array(FeatureService)),
  sources: Type.Array(
    Type.Object({
      version: DatasetVersion,
      manifest: Manifest,
      /** Rows were erased from it by request: it is not what the model learned from any more. */
      erasures: Type.Optional(Type.Array(VersionErasure)),
    }),
  ),
});
export type Bundle = Static<typeof Bundle>;
export type BundledSource = Bundle['sources'][number];

export interface BundleDependencies {
  readonly datasets: Pick<Datasets, 'resolve' | 'source' | 'manifest' | 'listTombstones'>;
  readonly features: Pick<Features, 'resolveView'> & {
    readonly services: Pick<Features['services'], 'resolve'>;
  };
}

const descriptionFile = 'bundle.json';
const maximumDescriptionBytes = 64 * 1024 ** 2;
const chunkPattern = /^datasets\/[a-z0-9][a-z0-9._-]*@\d+\/chunk-\d+\.parquet$/;

/** Chunks count from 1, as people do. */
export const chunkPath = (reference: string, index: number): string =>
  `datasets/${reference}/chunk-${index + 1}.parquet`;

export function createBundles({ datasets, features }: BundleDependencies) {
  async function describe(model: ModelVersion, workspace: string): Promise<Bundle> {
    if (!model.recipe || !model.trainingSet || model.digest === null) {
      throw errors.bundleUnavailable({ model: model.reference, reason: 'how it was trained is not known' });
    }
    const trainingSet = await datasets.resolve(model.trainingSet, workspace);
    const { kind, inputs, detail } = trainingSet.provenance;
    const isBuilt = kind === 'training-set' && Value.Check(TrainingSetDefinition, detail.definition);
    const used = isBuilt ? inputs.map(parseUri) : [];
    const named = (wanted: string) => used.filter((uri) => uri.kind === wanted).map((uri) => uri.reference);
    const versions = isBuilt
      ? await Promise.all(named('dataset').map((reference) => datasets.resolve(reference, workspace)))
      : [trainingSet];
    return {
      format: 1,
      model: model.reference,
      digest: model.digest,
      files: model.files,
      recipe: model.recipe,
      trainingSet,
      definition: isBuilt ? (detail.definition as TrainingSetDefinition) : null,
      views: await Promise.all(named('view').map((reference) => features.resolveView(reference, workspace))),
      services: await Promise.all(
        named('service').map((reference) => features.services.resolve(reference, workspace)),
      ),
      sources: await Promise.all(versions.map((version) => describeSource(version, workspace))),
    };
  }

  async function describeSource(version: DatasetVersion, workspace: string): Promise<BundledSource> {
    const { columns, chunks } = await datasets.manifest(version);
    const erasures = await datasets.listTombstones(version, workspace);
    return {
      version,
      manifest: { columns: [...columns], chunks: [...chunks] },
      ...(erasures.length > 0 && { erasures }),
    };
  }

  async function* listEntries(bundle: Bundle): AsyncGenerator<TarEntry> {
    const text = Buffer.from(`${JSON.stringify(bundle, null, 2)}\n`);
    yield { path: descriptionFile, size: text.length, content: text };
    for (const { version } of bundle.sources) {
      const { paths } = await datasets.source(version);
      for (const [i, path] of paths.entries()) {
        const { size } = await stat(path);
        yield { path: chunkPath(version.reference, i), size, content: createReadStream(path) };
      }
    }
  }

  return {
    async pack(model: ModelVersion, workspace: string): Promise<Download> {
      const bundle = await describe(model, workspace);
      return {
        content: packTar(listEntries(bundle)),
        mediaType: 'application/x-tar',
        fileName: `${model.model}-${model.version}.tar`,
      };
    },
  };
}

/** Unpacks into `folder`, which the caller removes. @throws bundleInvalid */
export async function openBundle(content: Content, folder: string): Promise<Bundle> {
  for await (const file of unpackTar(toStream(content))) {
    if (file.path !== descriptionFile && !chunkPattern.test(file.path)) {
      throw errors.bundleInvalid({ part: file.path, reason: 'bundles hold no such file' });
    }
    if (file.path === descriptionFile && file.size > maximumDescriptionBytes) {
      throw errors.bundleInvalid({ part: file.path, reason: `it has ${file.size} bytes` });
    }
    const path = join(folder, file.path);
    await mkdir(dirname(path), { recursive: true });
    await pipeline(file.content, createWriteStream(path, { flags: 'wx' }));
  }
  return parseBundle(await readFile(join(folder, descriptionFile), 'utf8').catch(() => null));
}

async function* toStream(content: Content): AsyncGenerator<Uint8Array> {
  if (content instanceof Uint8Array) yield content;
  else yield* content;
}

function parseBundle(text: string | null): Bundle {
  const refuse = (reason: string) => errors.bundleInvalid({ part: descriptionFile, reason });
  if (text === null) throw refuse('it is missing');
  const value = parseJsonText(text);
  if (!Value.Check(Bundle, value)) {
    const problem = Value.Errors(Bundle, value)[0];
    throw refuse(problem ? `${problem.instancePath || 'it'} ${problem.message}` : 'it is not JSON');
  }
  for (const { version } of value.sources) {
    const isNamed = chunkPattern.test(chunkPath(version.reference, 0));
    if (!isNamed) throw refuse(`'${version.reference.slice(0, 100)}' names no dataset version`);
  }
  return value;
}

function parseJsonText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
