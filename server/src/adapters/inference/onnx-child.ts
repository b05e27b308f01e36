/** The child process of `onnx-process.ts`. */
import { createAnswerer, type Order } from './onnx-orders.ts';

const answer = createAnswerer((report) => void process.send?.(report));
process.on('message', (order: Order) => answer(order));
// Without its parent nobody can ask it anything.
process.on('disconnect', () => process.exit(0));
// Ctrl+C reaches the whole group; the parent decides when the child goes.
process.on('SIGINT', () => undefined);
