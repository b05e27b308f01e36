/** Moves what stands in SQLite's write-ahead log into the database file, on a connection of its own. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

const { file, synchronous } = workerData as { readonly file: string; readonly synchronous: string };
const database = new DatabaseSync(file, { timeout: 1_000 });
database.exec(`pragma synchronous = ${synchronous}`);

parentPort?.on('message', () => {
  try {
    database.exec('pragma wal_checkpoint(passive)');
  } catch {
    // Busy, or a full disk: the writer does it itself when the log has grown too long, and says what is wrong.
  }
  parentPort?.postMessage('done');
});
