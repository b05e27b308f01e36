/** The control of `predict`: reads the body, answers a constant. What the load and the machine allow at most. */
import { createServer } from 'node:http';

const answer = JSON.stringify({ predictions: [{ value: 1 }] });

const server = createServer((request, response) => {
  request.on('end', () => response.setHeader('content-type', 'application/json').end(answer)).resume();
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  process.stdout.write(`the control listens on http://127.0.0.1:${port}\n`);
});
process.stdin.on('end', () => process.exit(0)).resume();
