/**
 * The peer of `predict`: what a good engineer writes by hand in an afternoon. One route, the body checked by Fastify's
 * own JSON Schema validator, the reply by its serialiser, the model called at once. No log, no versions, no rules.
 */
import fastify from 'fastify';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { Type } from 'typebox';

const [, , modelPath = '', width = '0'] = process.argv;
const names = Array.from({ length: Number(width) }, (_, i) => `f${i}`);

const Body = Type.Object(
  {
    records: Type.Array(
      Type.Object({
        item: Type.String(),
        ...Object.fromEntries(names.map((name) => [name, Type.Number()])),
      }),
      { minItems: 1, maxItems: 1000 },
    ),
  },
  { additionalProperties: false },
);
const Reply = Type.Object({ predictions: Type.Array(Type.Object({ value: Type.Number() })) });

const session = await InferenceSession.create(modelPath, {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  logSeverityLevel: 3,
});
const [input = ''] = session.inputNames;
const [output = ''] = session.outputNames;

async function predict(records: readonly Record<string, unknown>[]): Promise<{ value: number }[]> {
  const rows = new Float32Array(records.length * names.length);
  records.forEach((record, i) => {
    names.forEach((name, j) => {
      rows[i * names.length + j] = Number(record[name]);
    });
  });
  const reply = await session.run({ [input]: new Tensor('float32', rows, [records.length, names.length]) });
  return Array.from(reply[output]?.data as Float32Array, (value) => ({ value }));
}

const http = fastify({ logger: false });
http.post('/predict', { schema: { body: Body, response: { 200: Reply } } }, async (request) => {
  const { records } = request.body as { records: Record<string, unknown>[] };
  return { predictions: await predict(records) };
});

const address = await http.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`the peer listens on ${address}\n`);
process.stdin.on('end', () => process.exit(0)).resume();
