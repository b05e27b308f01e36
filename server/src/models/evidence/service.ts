import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type {
  CiRecord,
  Download,
  evidenceEndpoints,
  Input,
  ModelTest,
  ModelVersion,
  Page,
} from '@tidemill/contract';
import type { Audit } from '../../access/audit/service.ts';
import type { Comments } from '../../access/comments/service.ts';
import type { Lineage } from '../../access/lineage/service.ts';
import type { Blobs } from '../../adapters/blobs/blobs.ts';
import type { Caller } from '../../base/caller.ts';
import { ifThere } from '../../base/if-there.ts';
import { formatReference, parseUri, toUri } from '../../base/references.ts';
import { packTar, type TarEntry } from '../../base/tar.ts';
import type { Datasets } from '../../data/datasets/service.ts';
import type { Experiments } from '../../training/experiments/service.ts';
import type { Assessments } from '../assessments/service.ts';
import type { Cards } from '../cards/service.ts';
import type { Evaluations } from '../evaluation/service.ts';
import type { Studies } from '../evaluation/studies/service.ts';
import type { Governance } from '../governance/service.ts';
import type { Inspections } from '../inspections/service.ts';
import type { Registry } from '../registry/service.ts';
import type { Scores } from '../scores/service.ts';
import { type AuditProof, sizeOf, writeAuditProof } from './audit-proof.ts';
import { describingFiles, isPlain, isRelated, readmeOf, relatedTo, sumLine, verifyScript } from './rules.ts';

/** Newest first. */
export type TestsOf = (
  version: ModelVersion,
  caller: Caller,
) => Promise<{ readonly tests: readonly ModelTest[]; readonly ci: readonly CiRecord[] }>;

export interface EvidenceDependencies {
  readonly audit: Pick<Audit, 'readChain'>;
  readonly comments: Pick<Comments, 'list'>;
  readonly lineage: Pick<Lineage, 'lineage'>;
  readonly blobs: Pick<Blobs, 'read'>;
  readonly datasets: Pick<Datasets, 'resolve'>;
  readonly experiments: Pick<Experiments, 'getRun' | 'artifactFiles'>;
  readonly registry: Pick<Registry, 'resolve' | 'readFile'>;
  readonly evaluations: Pick<Evaluations, 'list' | 'get'>;
  readonly assessments: Pick<Assessments, 'listAssessments'>;
  readonly governance: Pick<Governance, 'getGate' | 'listChecks' | 'listApprovals' | 'listPromotions'>;
  readonly cards: Pick<Cards, 'get' | 'getDocument'>;
  readonly inspections: Pick<Inspections, 'get'>;
  readonly scores: Pick<Scores, 'of'>;
  readonly studies: Pick<Studies, 'list' | 'get'>;
  /** Results of `tidemill test`, and what CI said of the commit. */
  readonly testsOf: TestsOf;
  readonly tempFolder: string;
}

type Contract = typeof evidenceEndpoints;

const lineageDepth = 20;
/** Beyond it a file of the run or the model is named by its digest alone. */
const largestFile = 16 * 1024 ** 2;
const pageSize = 200;

/** A file of the archive, before it is written. */
interface Part {
  readonly path: string;
  readonly content: Uint8Array | (() => Promise<{ size: number; stream: AsyncIterable<Uint8Array> }>);
}

/** For an auditor: all that is known of a model version as one archive, which standard tools verify. */
export function createEvidence(deps: EvidenceDependencies) {
  const { audit, comments, lineage, blobs, datasets, experiments } = deps;
  const { registry, evaluations, assessments, governance, cards, inspections, scores, studies } = deps;

  async function* recordsOf(version: ModelVersion, caller: Caller): AsyncGenerator<Part> {
    const key = { name: version.model, version: String(version.version) };
    const { reference: model } = version;
    for (const format of ['markdown', 'html'] as const) {
      const { content } = await cards.getDocument({ ...key, format }, caller);
      yield {
        path: format === 'html' ? 'card.html' : 'card.md',
        content: await buffer(Readable.from(content)),
      };
    }
    yield asJson('card.json', await cards.get(key, caller));
    yield asJson('version.json', version);
    yield asJson('gate.json', await ifThere(governance.getGate({ name: version.model }, caller)));
    yield asJson('checks.json', (await governance.listChecks(key, caller)).items);
    yield asJson('approvals.json', (await governance.listApprovals(key, caller)).items);
    const promotions = await all((page) =>
      governance.listPromotions({ model: version.model, ...page }, caller),
    );
    yield asJson(
      'promotions.json',
      promotions.filter((promotion) => promotion.model === model),
    );
    yield asJson('assessments.json', (await assessments.listAssessments(key, caller)).items);
    yield asJson('score.json', await scores.of(version, caller));
    if (version.digest !== null) yield asJson('inspection.json', await inspections.get(key, caller));
    const { tests, ci } = await deps.testsOf(version, caller);
    yield asJson('tests.json', tests);
    yield asJson('ci.json', ci);
    for (const { id } of await all((page) => studies.list({ model, ...page }, caller)))
      yield asJson(`studies/${id}.json`, await studies.get({ id }, caller));
    for (const { id } of await all((page) => evaluations.list({ model, ...page }, caller)))
      yield asJson(`evaluations/${id}.json`, await evaluations.get({ id }, caller));
    yield asJson(
      'comments.json',
      await all((page) => comments.list({ subject: version.uri, ...page }, caller)),
    );
  }

  async function upstreamOf({ uri }: ModelVersion, caller: Caller) {
    const { upstream } = await lineage.lineage({ uri, depth: lineageDepth }, caller);
    const lines = new Map(upstream.map((edge) => [`${edge.from}\n${edge.relation}\n${edge.to}`, edge]));
    return [...lines.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, edge]) => edge);
  }

  /** What it learned from, however far: each with the digest of its rows. */
  async function inputsOf(uris: readonly string[], caller: Caller) {
    const found = await Promise.all(
      uris
        .filter((uri) => uri.startsWith('dataset:'))
        .map(async (uri) => {
          const version = await ifThere(datasets.resolve(parseUri(uri).reference, caller.workspace));
          return version ?? { uri, deleted: true };
        }),
    );
    return found;
  }

  async function* makingOf({ runId }: ModelVersion, caller: Caller): AsyncGenerator<Part> {
    const run = runId === null ? null : await ifThere(experiments.getRun({ id: runId }, caller));
    if (run === null) return;
    yield asJson('run.json', run);
    const files = await experiments.artifactFiles(run.id, 'tidemill', caller.workspace);
    for (const { path, sha256, size } of files)
      if (isPlain(path) && size <= largestFile)
        yield { path: `run/${path.replace(/^tidemill\//, '')}`, content: await blobs.read(sha256) };
  }

  async function* folderOf(version: ModelVersion): AsyncGenerator<Part> {
    for (const path of describingFiles) {
      const file = version.files.find((known) => known.path === path);
      if (version.digest !== null && file && file.size <= largestFile)
        yield { path: `model/${path}`, content: await registry.readFile(version, path) };
    }
  }

  async function* partsOf(version: ModelVersion, caller: Caller, proof: AuditProof): AsyncGenerator<Part> {
    yield asText('README.md', readmeOf(version));
    yield asText('verify.sh', verifyScript);
    yield* recordsOf(version, caller);
    const edges = await upstreamOf(version, caller);
    yield asJson('lineage.json', edges);
    yield asJson('inputs.json', await inputsOf(sources(edges), caller));
    yield* makingOf(version, caller);
    yield* folderOf(version);
    yield asFile('audit/entries.ndjson', proof.entries);
    yield asFile('audit/chain.txt', proof.chain);
  }

  async function proofOf(version: ModelVersion, caller: Caller, folder: string): Promise<AuditProof> {
    const edges = await upstreamOf(version, caller);
    const judged = await all((page) => evaluations.list({ model: version.reference, ...page }, caller));
    const looked = await all((page) => studies.list({ model: version.reference, ...page }, caller));
    const related = relatedTo(version, [
      ...[toUri('model', version.model), `gate:${version.model}`],
      ...sources(edges),
      ...judged.map(({ id }) => toUri('evaluation', id)),
      ...looked.map(({ id }) => toUri('study', id)),
    ]);
    return writeAuditProof(folder, audit.readChain(caller.workspace), (entry) => isRelated(related, entry));
  }

  async function open(version: ModelVersion, caller: Caller) {
    await mkdir(deps.tempFolder, { recursive: true });
    const folder = await mkdtemp(join(deps.tempFolder, 'evidence-'));
    const remove = () => rm(folder, { recursive: true, force: true });
    try {
      const proof = await proofOf(version, caller, folder);
      const content = Readable.from(packTar(listed(version, proof, partsOf(version, caller, proof))));
      content.once('close', () => void remove());
      return { content };
    } catch (error) {
      await remove();
      throw error;
    }
  }

  return {
    /** @throws modelNotFound, modelVersionNotFound, auditNotIntact */
    async get({ name, version: number }: Input<Contract['get']>, caller: Caller): Promise<Download> {
      const version = await registry.resolve(formatReference(name, number), caller.workspace);
      return {
        content: Readable.from([]),
        mediaType: 'application/x-tar',
        fileName: `${version.model.replace(/[^\w.-]+/g, '_')}-${version.version}-evidence.tar`,
        open: () => open(version, caller),
      };
    },
  };
}

export type Evidence = ReturnType<typeof createEvidence>;

const asText = (path: string, text: string): Part => ({ path, content: Buffer.from(text) });
const asJson = (path: string, value: unknown): Part => asText(path, `${JSON.stringify(value, null, 2)}\n`);
const asFile = (path: string, file: string): Part => ({
  path,
  content: async () => ({ size: await sizeOf(file), stream: createReadStream(file) }),
});

const sources = (edges: readonly { readonly from: string }[]): string[] =>
  [...new Set(edges.map(({ from }) => from))].sort();

async function all<T>(list: (page: { limit: number; cursor?: string }) => Promise<Page<T>>): Promise<T[]> {
  const found: T[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await list({ limit: pageSize, ...(cursor !== undefined && { cursor }) });
    found.push(...page.items);
    if (page.nextCursor === null) return found;
    cursor = page.nextCursor;
  }
}

/** The parts, and behind them the lists of all with their digests. */
async function* listed(
  { reference, digest }: ModelVersion,
  { count, first, last, digest: end }: AuditProof,
  parts: AsyncIterable<Part>,
): AsyncGenerator<TarEntry> {
  const files: { path: string; size: number; sha256: string }[] = [];
  async function* add({ path, content }: Part): AsyncGenerator<TarEntry> {
    const hash = createHash('sha256');
    const { size, stream } =
      content instanceof Uint8Array
        ? { size: content.length, stream: Readable.from([content]) }
        : await content();
    yield { path, size, content: hashed(stream, hash) };
    files.push({ path, size, sha256: hash.digest('hex') });
  }
  for await (const part of parts) yield* add(part);
  const manifest = {
    format: 1,
    ...{ model: reference, digest },
    audit: { entries: count, first, last, digest: end },
    files: [...files],
  };
  yield* add(asJson('manifest.json', manifest));
  const sums = Buffer.from(files.map(sumLine).join(''));
  yield { path: 'SHA256SUMS', size: sums.length, content: sums };
}

async function* hashed(
  stream: AsyncIterable<Uint8Array>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array> {
  for await (const bytes of stream) {
    hash.update(bytes);
    yield bytes;
  }
}
