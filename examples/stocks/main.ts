/**
 * One model's whole life on real prices: npm run demo.
 * The story is told here and in the browser at once; every figure is what this run measured.
 */
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createClient, type Project } from '@tidemill/sdk';
import { drawControlDays, playControl } from './control.ts';
import { playDays } from './days.ts';
import { add, tell } from './narrator.ts';
import {
  commitData,
  createSecondSet,
  type Found,
  recipeOf,
  type Stage,
  searchModel,
  shipAnyway,
  startShadow,
  trainNotebookModel,
} from './opening.ts';
import { type DemoOptions, readOptions } from './options.ts';
import { readPrices, upTo } from './prices.ts';
import { tellTable } from './python-choice.ts';
import { searchWithPython } from './python-search.ts';
import { measure, tellReport, writeReport } from './report.ts';
import { reproduceFirstModel } from './reproduction.ts';
import { freePort, startServer } from './server-process.ts';
import { watch } from './watcher.ts';

async function play(options: DemoOptions): Promise<void> {
  const data = resolve(options.folder, 'data');
  await rm(data, { recursive: true, force: true });
  const port = await freePort(options.port);
  tell(
    'Tidemill',
    `http://127.0.0.1:${port}  real AAPL, one trading day ≈ ${options.dayMs / 1000} s; open it now`,
  );
  const server = await startServer({ data, port });
  try {
    const { default: project } = (await import(pathToFileURL(resolve(options.project)).href)) as {
      default: Project;
    };
    const client = createClient({ url: server.url });
    const rows = upTo(await readPrices(client, project, options.prices), options.until);
    const stage: Stage = { client, project, rows, cuts: options.cuts };
    await tellStory(stage, options, server.url);
    if (!options.exit) await waitForInterrupt(server.url);
  } finally {
    await server.stop();
  }
}

async function tellStory(stage: Stage, options: DemoOptions, url: string): Promise<void> {
  const { client, project, rows, cuts } = stage;
  await commitData(stage);
  await client.projects.apply(project);
  await trainNotebookModel(stage);
  await shipAnyway(stage);
  const days = rows.filter((row) => row.date > cuts[1]);
  const { sweep } = recipeOf(project);
  const control = await drawControlDays(client, sweep.features, sweep.target, days.length);
  if (options.controlOnly) return playControl(client, days, control);
  const found = options.python ? await findWithPython(stage, options, url) : await searchModel(stage);
  await startShadow(stage, found);
  const watcher = watch({ url }, client);
  const { rollbackSeconds } = await playDays({ ...stage, days, control, watcher, dayMs: options.dayMs });
  await watcher.stop();
  const reproduction = await reproduceFirstModel(client);
  const report = await measure(client, {
    rollbackSeconds,
    ...reproduction,
    trainers: found.compared?.rows ?? [],
  });
  tellReport(report);
  if (found.compared) tellTable(found.compared);
  add(`report: ${await writeReport(options.folder, report)}`);
}

async function findWithPython(stage: Stage, options: DemoOptions, url: string): Promise<Found> {
  const set = await createSecondSet(stage);
  const { folder, search } = options;
  return { ...(await searchWithPython(stage, set, { url, folder, ...search })), set };
}

async function waitForInterrupt(url: string): Promise<void> {
  add(`The server stays at ${url}; Ctrl-C ends it.`);
  await new Promise((done) => process.once('SIGINT', done).once('SIGTERM', done));
}

try {
  await play(readOptions(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
