import { createInterface } from 'node:readline';
import { failures } from './failure.ts';

/** From the keyboard, unseen, or the first line of what is piped in: an option would stand in the list of processes. */
export async function readPassword(question: string): Promise<string> {
  const password = process.stdin.isTTY ? await askUnseen(question) : await nextLine();
  if (password) return password;
  throw failures.passwordMissing();
}

/** A new one from the keyboard is asked for twice, as nobody sees it. */
export async function readNewPassword(question = 'New password'): Promise<string> {
  const password = await readPassword(question);
  if (process.stdin.isTTY && (await readPassword('Once more')) !== password) throw failures.passwordsDiffer();
  return password;
}

let lines: AsyncIterator<string> | undefined;

async function nextLine(): Promise<string> {
  lines ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const { value, done } = await lines.next();
  return done ? '' : value;
}

const enter = new Set(['\r', '\n', '\u0004']);
const erase = new Set(['\u007f', '\b']);
const interrupt = '\u0003';

function askUnseen(question: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(`${question}: `);
  return new Promise((resolve, reject) => {
    let text = '';
    const end = () => {
      stdin.off('data', read).setRawMode(false).pause();
      stderr.write('\n');
    };
    const read = (chunk: string) => {
      for (const character of chunk) {
        if (character === interrupt || enter.has(character)) {
          end();
          return character === interrupt ? reject(failures.passwordMissing()) : resolve(text);
        }
        text = erase.has(character) ? [...text].slice(0, -1).join('') : text + character;
      }
    };
    stdin.setEncoding('utf8').setRawMode(true).resume().on('data', read);
  });
}
