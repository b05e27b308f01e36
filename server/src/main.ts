/** Entry: read the configuration, build the app, listen, close on a signal. */

import { createApp, isLoopback } from './app.ts';
import { errors } from './base/errors.ts';
import { createLogger } from './base/logger.ts';
import { type ConfigOptions, readConfig } from './config.ts';

export interface RunningServer {
  readonly url: string;
  /** `127.0.0.1:4601`; null where gRPC is not wanted. */
  readonly grpc: string | null;
  close(): Promise<void>;
}

/** Starts everything in this process. @throws catalogue errors about configuration, port, data folder */
export async function startServer(options: ConfigOptions): Promise<RunningServer> {
  const config = readConfig(options);
  const app = await createApp({ config, logger: createLogger(config.logLevel) });
  try {
    if (!isLoopback(config.host) && !(await app.services.auth.canAnybodyEnter())) {
      throw errors.authenticationRequired({ host: config.host });
    }
    await app.start();
    const url = await listen(app.http, config.host, config.port);
    const { grpcPort } = config.inference;
    const port = grpcPort === null ? null : await app.listenGrpc(config.host, grpcPort);
    return { url, grpc: port === null ? null : `${config.host}:${port}`, close: () => app.close() };
  } catch (error) {
    await app.close();
    throw error;
  }
}

async function listen(
  http: { listen(options: { host: string; port: number }): Promise<string> },
  host: string,
  port: number,
): Promise<string> {
  try {
    return await http.listen({ host, port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') throw errors.portInUse({ port }, error);
    throw error;
  }
}

/** Creates the first admin token offline, for a server that will listen beyond 127.0.0.1. */
export async function createFirstToken(options: ConfigOptions, token: { name: string; role: 'admin' }) {
  const config = readConfig(options);
  const app = await createApp({ config, logger: createLogger(config.logLevel) });
  try {
    return await app.services.auth.createToken(token, {
      actor: 'user:owner',
      role: 'admin',
      workspace: 'default',
    });
  } finally {
    await app.close();
  }
}
