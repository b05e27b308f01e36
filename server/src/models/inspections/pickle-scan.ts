/**
 * What a pickle would import, read from its opcodes and never executed: a small machine keeps track of the strings on the
 * stack, because protocol 4 names an import by two of them.
 *
 * Source: Python's Lib/pickle.py and Lib/pickletools.py, protocols 0 to 5.
 */
import type { ByteSource } from './byte-source.ts';

export interface PickleScan {
  /** `module.name`, in order of appearance. */
  readonly imports: readonly string[];
  /** Why the scan did not come to the end; null where it did. */
  readonly stoppedBy: string | null;
}

/** Names that are put together while it is loaded. */
export const computedName = '(a name made at run time)';

const mark = Symbol('mark');
/** joblib writes the numbers of an array behind the object that describes it, in the middle of the pickle. */
const arrayClass = Symbol('the class of joblib arrays');
const array = Symbol('an array of joblib');
type Slot = string | null | typeof mark | typeof arrayClass | typeof array;
const arrayImport = 'joblib.numpy_pickle.NumpyArrayWrapper';

const mostImports = 1000;
const mostSlots = 5_000_000;
const longestText = 1000;

const ascii = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));
/** Bytes that follow an opcode and mean nothing here, where what it pushes is no text. */
const constants: ReadonlyMap<number, number> = new Map([
  ...ascii('N])}').map((code): [number, number] => [code, 0]),
  ...[0x88, 0x89, 0x8f, 0x97].map((code): [number, number] => [code, 0]),
  ...(
    [
      ['J', 4],
      ['K', 1],
      ['M', 2],
      ['G', 8],
    ] as const
  ).map(([letter, count]): [number, number] => [letter.charCodeAt(0), count]),
  ...(
    [
      [0x82, 1],
      [0x83, 2],
      [0x84, 4],
    ] as const
  ).map(([code, count]): [number, number] => [code, count]),
]);
/** How many slots an opcode takes before it pushes one (`+`) or none. */
const takes: Readonly<Record<string, readonly [number, boolean]>> = {
  R: [2, true],
  b: [1, false],
  a: [1, false],
  s: [2, false],
  '0': [1, false],
  '\x85': [1, true],
  '\x86': [2, true],
  '\x87': [3, true],
  '\x81': [2, true],
  '\x92': [3, true],
  Q: [1, true],
};
/** Takes all down to the mark; those of the first text push one. */
const [pushesAfterMark, dropsToMark] = ['dlto\x91', '1eu\x90'];
/** Widths of the length before bytes, and whether they are a text. */
const sized: Readonly<Record<string, readonly [number, boolean]>> = {
  T: [4, true],
  U: [1, true],
  X: [4, true],
  '\x8c': [1, true],
  '\x8d': [8, true],
  B: [4, false],
  C: [1, false],
  '\x8e': [8, false],
  '\x96': [8, false],
  '\x8a': [1, false],
  '\x8b': [4, false],
};

/** Several pickles after each other are one file, as PyTorch wrote them. */
export function scanPickle(source: ByteSource): PickleScan {
  const imports = new Set<string>();
  try {
    do scanOne(source, imports);
    while (!source.isAtEnd() && peeksPickle(source));
    return { imports: [...imports], stoppedBy: null };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { imports: [...imports], stoppedBy: reason };
  }
}

/** What follows the end of a pickle is another one, or data that its loader knows how to read. */
function peeksPickle(source: ByteSource): boolean {
  const isPickle = source.byte() === 0x80;
  if (isPickle) source.skip(1);
  return isPickle;
}

function scanOne(source: ByteSource, imports: Set<string>): void {
  const stack: Slot[] = [];
  const memo = new Map<number, Slot>();
  const push = (slot: Slot) => {
    if (stack.length >= mostSlots) throw new Error(`it holds more than ${mostSlots} values at once`);
    stack.push(slot);
  };
  const drop = (count: number) => {
    stack.length = Math.max(0, stack.length - count);
  };
  const dropToMark = () => {
    const at = stack.lastIndexOf(mark);
    stack.length = Math.max(0, at);
  };
  const note = (name: string) => {
    if (imports.size >= mostImports && !imports.has(name))
      throw new Error(`it imports more than ${mostImports} names`);
    imports.add(name);
    return name === arrayImport ? arrayClass : null;
  };
  const remember = (place: number) => {
    if (memo.size >= mostSlots) throw new Error(`it remembers more than ${mostSlots} values`);
    memo.set(place, stack.at(-1) ?? null);
  };

  for (;;) {
    const at = source.position;
    const code = source.byte();
    const letter = String.fromCharCode(code);
    const constant = constants.get(code);
    const sizes = sized[letter];
    const taken = takes[letter];
    if (code === 0x80) source.skip(1);
    else if (code === 0x95) source.skip(8);
    else if (code === 0x98) continue;
    else if (letter === '.') return;
    else if (letter === '(') push(mark);
    else if (letter === '2') push(stack.at(-1) ?? null);
    else if (constant !== undefined) {
      source.skip(constant);
      push(null);
    } else if (sizes) push(readSized(source, ...sizes));
    else if ('FILP'.includes(letter)) {
      source.line();
      push(null);
    } else if (letter === 'V') push(cut(source.line()));
    else if (letter === 'S') push(cut(source.line().replace(/^(['"])(.*)\1$/s, '$2')));
    else if (letter === 'c' || letter === 'i') {
      const [module, name] = [source.line(), source.line()];
      const made = note(`${module}.${name}`);
      if (letter === 'i') dropToMark();
      push(letter === 'i' ? null : made);
    } else if (code === 0x93) {
      const [name, module] = [stack.pop(), stack.pop()];
      push(note(typeof module === 'string' && typeof name === 'string' ? `${module}.${name}` : computedName));
    } else if ('pqr'.includes(letter)) remember(readPlace(source, letter));
    else if (code === 0x94) remember(memo.size);
    else if ('ghj'.includes(letter)) push(memo.get(readPlace(source, letter)) ?? null);
    else if (taken) {
      const isArray = (letter === 'R' || code === 0x81) && stack.at(-2) === arrayClass;
      drop(taken[0]);
      if (taken[1]) push(isArray ? array : null);
      if (letter === 'b' && stack.at(-1) === array)
        throw new Error(`numbers of joblib follow at byte ${source.position}`);
    } else if (pushesAfterMark.includes(letter)) {
      dropToMark();
      push(null);
    } else if (dropsToMark.includes(letter)) dropToMark();
    else throw new Error(`byte ${at} is 0x${code.toString(16)}, which no pickle has`);
  }
}

const cut = (text: string): string | null => (text.length > longestText ? null : text);

function readSized(source: ByteSource, width: number, isText: boolean): string | null {
  const bytes = source.take(width);
  const view = new DataView(bytes.buffer);
  const size =
    width === 1
      ? view.getUint8(0)
      : width === 4
        ? view.getUint32(0, true)
        : Number(view.getBigUint64(0, true));
  if (!isText || size > 4 * longestText) {
    source.skip(size);
    return null;
  }
  return cut(Buffer.from(source.take(size)).toString('utf8'));
}

/** Where a `put` or a `get` points: a line of text, one byte, or four. */
function readPlace(source: ByteSource, letter: string): number {
  if ('pg'.includes(letter)) return Number(source.line());
  const bytes = source.take('qh'.includes(letter) ? 1 : 4);
  return bytes.length === 1 ? (bytes[0] as number) : new DataView(bytes.buffer).getUint32(0, true);
}
