import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type Reproduction } from '@tidemill/sdk';
import type { Command } from 'commander';
import { failures } from '../../failure.ts';
import { openContent, writeDownload } from '../../files.ts';
import { startFreshServer } from '../../fresh-server.ts';
import { example } from '../../pages.ts';
import { toReference } from '../../parse.ts';
import { type Session, sessionOf, setVerdict } from '../../session.ts';
import { onInterrupt } from '../../watch.ts';
import { rebuildRun } from '../training/rebuild-run.ts';

export function addReproduceCommand(program: Command): void {
  const reproduce = program
    .command('reproduce <bundle>')
    .description(
      'rebuild a model version from an exported bundle (or a reference) in an empty folder and a fresh process; exit code 2 if anything differs',
    )
    .action(async (source: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const run = await commandRunOf(session, source);
      if (run) return rebuildRun(session, run);
      const folder = await mkdtemp(join(tmpdir(), 'tidemill-reproduce-'));
      const { signal, release } = onInterrupt();
      try {
        const bundle = await bundleOf(session, source, folder);
        const result = await rebuild(session, bundle, signal);
        session.show(result, describeReproduction);
        setVerdict(result.equal);
      } catch (error) {
        if (!signal.aborted) throw error;
        session.say('Interrupted; nothing is left behind.');
        process.exitCode = 130;
      } finally {
        release();
        await rm(folder, { recursive: true, force: true });
      }
    });
  example(reproduce, 'reproduce forecaster@1\n  $ tidemill reproduce bundle.tar');
}

/** The run of a version that a command of somebody's own made; null for what a bundle makes again. */
async function commandRunOf(session: Session, source: string): Promise<string | null> {
  if (existsSync(source) || /[/\\]|\.tar$/.test(source)) return null;
  const { runId, recipe } = await session.client.registry.getVersion(toReference(source));
  if (recipe !== null) return null;
  return runId;
}

/** The bundle's file; what is no file is a reference, and its bundle is exported first. @throws fileNotFound */
async function bundleOf(session: Session, source: string, folder: string): Promise<string> {
  if (existsSync(source)) return source;
  if (/[/\\]|\.tar$/.test(source)) throw failures.fileNotFound(source);
  const bundle = join(folder, 'bundle.tar');
  session.say(`Exporting ${source} from ${session.url} …`);
  await writeDownload(await session.client.governance.exportBundle(toReference(source)), bundle);
  return bundle;
}

async function rebuild(session: Session, bundle: string, signal: AbortSignal): Promise<Reproduction> {
  const content = await openContent(bundle, session.say);
  const server = await startFreshServer();
  try {
    session.say(`Rebuilding in process ${server.pid}, which has never seen anything …`);
    return await createClient({ url: server.url }).governance.reproduce({ content }, { signal });
  } finally {
    await server.close();
  }
}

const describeReproduction = (result: Reproduction): string[] => [
  ...result.steps.flatMap((step) => [
    `${step.equal ? 'equal    ' : 'DIFFERENT'}  ${step.name}${step.detail ? `: ${step.detail}` : ''}`,
    ...(step.equal ? [`           ${step.actual}`] : differenceLines(step)),
  ]),
  `${result.model}: ${result.equal ? 'equal' : 'NOT EQUAL'}`,
];

const differenceLines = (step: Reproduction['steps'][number]): string[] => [
  `           expected ${step.expected}`,
  `           actual   ${step.actual}`,
];
