import type { InjectOptions } from 'fastify';
import type { ArtifactFolder } from '../adapters/artifact-folder/artifact-folder.ts';
import type { DatabaseHandle } from '../adapters/db/db.ts';
import { createLogger } from '../base/logger.ts';
import { mlflowApi } from '../http/mlflow/mlflow-api.ts';
import { createHttp } from '../http/server.ts';
import { experimentsMlflowOperations, mlflowArtifactRoutes } from '../training/experiments/mlflow-routes.ts';
import { createTestExperiments } from './experiments.ts';

export type MlflowReply = Record<string, unknown> & { status: number };

const api = '/api/2.0/mlflow/';

/** MLflow's door to experiments alone, by HTTP. */
export async function createTestMlflowDoor(handle: DatabaseHandle, folder: ArtifactFolder | null = null) {
  const own = await createTestExperiments(handle, folder);
  const http = await createHttp({
    logger: createLogger('silent'),
    version: '0.0.0',
    allowedHosts: [],
    authenticate: async () => ({ actor: 'user:tester', role: 'admin', workspace: 'default' }),
    assertReach: async () => {},
  });
  await http.register(mlflowApi(experimentsMlflowOperations(own.experiments)));
  await http.register(mlflowArtifactRoutes(own.experiments));

  const send = async (options: InjectOptions): Promise<MlflowReply> => {
    const reply = await http.inject({ ...options, headers: { host: 'localhost', ...options.headers } });
    return { ...(reply.json() as object), status: reply.statusCode };
  };
  /** An object is sent as JSON, a text as it is. */
  const post = (path: string, payload: unknown = {}, method: 'POST' | 'PATCH' | 'DELETE' = 'POST') =>
    send({
      method,
      url: path.startsWith('/') ? path : api + path,
      headers: { 'content-type': 'application/json' },
      payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    });
  const get = (path: string) => send({ url: path.startsWith('/') ? path : api + path });

  return {
    ...own,
    http,
    send,
    post,
    get,
    async newRun(fields: object = {}): Promise<string> {
      const { run } = await post('runs/create', { experiment_id: '0', ...fields });
      return (run as { info: { run_id: string } }).info.run_id;
    },
    async close(): Promise<void> {
      await http.close();
      await own.close();
    },
  };
}

export type TestMlflowDoor = Awaited<ReturnType<typeof createTestMlflowDoor>>;
