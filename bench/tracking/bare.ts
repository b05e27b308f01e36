/** The control of `tracking`: what Fastify, SQLite and SHA-256 allow at most, without a question asked. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import fastify from 'fastify';

const [, , port = '0', folder = '', synchronous = 'normal'] = process.argv;
mkdirSync(folder, { recursive: true });
const database = new DatabaseSync(join(folder, 'bare.db'));
database.exec(`
  pragma journal_mode = wal; pragma synchronous = ${synchronous};
  create table points (run_id text, key text, step integer, recorded_at integer, value real)`);
const insert = database.prepare('insert into points values (?, ?, ?, ?, ?)');

type Point = { run_id: string; key: string; step: number; timestamp: number; value: number };

const http = fastify({ logger: false });
http.addContentTypeParser('application/octet-stream', (_request, body, done) => done(null, body));
http.get('/health', async () => 'OK');
http.post('/api/2.0/mlflow/runs/log-metric', async (request) => {
  const { run_id, key, step, timestamp, value } = request.body as Point;
  insert.run(run_id, key, step, timestamp, value);
  return {};
});
http.put('/file', { bodyLimit: 2 ** 40 }, async (request) => {
  const hash = createHash('sha256');
  const hashed = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const sink = createWriteStream(join(folder, 'file'), { highWaterMark: 2 ** 20, flush: true });
  await pipeline(request.body as NodeJS.ReadableStream, hashed, sink);
  return { sha256: hash.digest('hex') };
});
http.get('/file', (_request, reply) =>
  reply.send(createReadStream(join(folder, 'file'), { highWaterMark: 2 ** 20 })),
);

await http.listen({ host: '127.0.0.1', port: Number(port) });
process.stdin.on('end', () => process.exit(0)).resume();
