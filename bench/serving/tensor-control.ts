/** The control of `serving-tensors`: floats in, onnxruntime, floats out, by node:http. Nothing is checked, nothing logged. */
import { createServer } from 'node:http';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const [, , modelPath = '', width = '1'] = process.argv;
const session = await InferenceSession.create(modelPath, {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  logSeverityLevel: 3,
});
const [input = ''] = session.inputNames;
const [output = ''] = session.outputNames;

const server = createServer((request, response) => {
  const size = Number(request.headers['content-length']);
  const floats = new Float32Array(size / 4);
  const bytes = new Uint8Array(floats.buffer);
  let at = 0;
  request
    .on('data', (chunk: Buffer) => {
      bytes.set(chunk, at);
      at += chunk.length;
    })
    .on('end', async () => {
      const shape = [floats.length / Number(width), Number(width)];
      const reply = await session.run({ [input]: new Tensor('float32', floats, shape) });
      const { buffer, byteOffset, byteLength } = (reply[output] as Tensor).data as Float32Array;
      response.setHeader('content-type', 'application/octet-stream');
      response.end(new Uint8Array(buffer, byteOffset, byteLength));
    });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  process.stdout.write(`the control listens on http://127.0.0.1:${port}\n`);
});
process.stdin.on('end', () => process.exit(0)).resume();
