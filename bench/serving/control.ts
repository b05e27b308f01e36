/** The control of `serving-requests`: a bare node:http and onnxruntime loop. Nothing is checked, nothing logged. */
import { createServer } from 'node:http';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const [, , modelPath = '', width = '0'] = process.argv;
const names = Array.from({ length: Number(width) }, (_, i) => `f${i}`);
const session = await InferenceSession.create(modelPath, {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  logSeverityLevel: 3,
});
const [input = ''] = session.inputNames;
const [output = ''] = session.outputNames;

async function predict(text: string): Promise<string> {
  const { records } = JSON.parse(text) as { records: Record<string, number>[] };
  const rows = new Float32Array(records.length * names.length);
  for (let i = 0, at = 0; i < records.length; i++)
    for (const name of names) rows[at++] = records[i]?.[name] as number;
  const reply = await session.run({ [input]: new Tensor('float32', rows, [records.length, names.length]) });
  const predictions = Array.from(reply[output]?.data as Float32Array, (value) => ({ value }));
  return JSON.stringify({ predictions });
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request
    .on('data', (chunk: Buffer) => chunks.push(chunk))
    .on('end', async () => {
      const text = await predict(Buffer.concat(chunks).toString());
      response.setHeader('content-type', 'application/json').end(text);
    });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  process.stdout.write(`the control listens on http://127.0.0.1:${port}\n`);
});
process.stdin.on('end', () => process.exit(0)).resume();
