/**
 * Sum, mean and deviation of a changing bag of doubles that depend on nothing but what is in it: not on the order in
 * which values came, not on those that went. Sums are kept as expansions, lists of doubles that do not overlap and
 * together are the exact sum (Shewchuk 1997); a result is rounded from the exact one.
 */

/** Squares of what lies between, and what they lose, are doubles; others are rare, and are counted in whole numbers. */
const [least, most] = [2 ** -400, 2 ** 400];
/** Splits a double into two halves of its digits (Dekker 1971). */
const splitter = 2 ** 27 + 1;

class Expansion {
  /** Growing in size, none of them zero. */
  readonly parts: number[] = [];
  count = 0;

  add(value: number): void {
    const { parts, count } = this;
    let carried = value;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const part = parts[i] as number;
      const sum = carried + part;
      const lost = Math.abs(carried) < Math.abs(part) ? carried - (sum - part) : part - (sum - carried);
      if (lost !== 0) parts[kept++] = lost;
      carried = sum;
    }
    if (carried !== 0) parts[kept++] = carried;
    this.count = kept;
  }

  /** The product of two doubles, both of its halves. */
  addProduct(a: number, b: number): void {
    const product = a * b;
    const highA = splitter * a - (splitter * a - a);
    const highB = splitter * b - (splitter * b - b);
    const [lowA, lowB] = [a - highA, b - highB];
    const lost = lowA * lowB - (product - highA * highB - lowA * highB - highA * lowB);
    if (lost !== 0) this.add(lost);
    this.add(product);
  }

  /** The nearest double; of two the even one. */
  rounded(): number {
    const { parts } = this;
    let i = this.count - 1;
    if (i < 0) return 0;
    let sum = parts[i] as number;
    let lost = 0;
    while (i > 0 && lost === 0) {
      const before = sum;
      const part = parts[--i] as number;
      sum = before + part;
      lost = part - (sum - before);
    }
    // Exactly between two doubles but for the parts below, which then decide.
    if (i > 0 && lost !== 0 && lost > 0 === (parts[i - 1] as number) > 0) {
      const next = sum + lost * 2;
      if (next - sum === lost * 2) return next;
    }
    return sum;
  }
}

/** For one result at a time. */
const scratch = new Expansion();

export class ExactSums {
  /** How many values there are. */
  count = 0;
  readonly #sum = new Expansion();
  readonly #squares: Expansion | null;
  /** Too large or too small for the expansions. */
  #beyond: number[] = [];

  constructor({ squares }: { readonly squares: boolean }) {
    this.#squares = squares ? new Expansion() : null;
  }

  /** @param value finite @param rest what a whole number of 64 bits is more than that double */
  add(value: number, rest = 0): void {
    this.count += 1;
    if (isBeyond(value)) this.#beyond.push(value);
    else this.#take(value, rest, 1);
  }

  /** What was added before. */
  remove(value: number, rest = 0): void {
    this.count -= 1;
    if (isBeyond(value)) this.#beyond.splice(this.#beyond.indexOf(value), 1);
    else this.#take(value, rest, -1);
  }

  clear(): void {
    this.count = 0;
    this.#sum.count = 0;
    if (this.#squares) this.#squares.count = 0;
    if (this.#beyond.length > 0) this.#beyond = [];
  }

  /** Rounded once; null for no values, and where no double is as large. */
  sum(): number | null {
    if (this.count === 0) return null;
    if (this.#beyond.length === 0) return this.#sum.rounded();
    const { digits, exponent } = roundedWhole(this.#wholeSum());
    return finite(scaled(digits, exponent - unit));
  }

  /** The rounded sum by their number. */
  mean(): number | null {
    if (this.count === 0) return null;
    if (this.#beyond.length === 0) return this.#sum.rounded() / this.count;
    const { digits, exponent } = roundedWhole(this.#wholeSum());
    return finite(scaled(digits / this.count, exponent - unit));
  }

  /** Of a sample, n Σx² − (Σx)² rounded once; null for fewer than two values. */
  deviation(): number | null {
    const { count: n } = this;
    if (n < 2) return null;
    if (this.#beyond.length === 0) return Math.sqrt(this.#spread() / (n * (n - 1)));
    const sum = this.#wholeSum();
    const { digits, exponent } = roundedWhole(BigInt(n) * this.#wholeSquares() - sum * sum, 2);
    return finite(scaled(Math.sqrt(digits / (n * (n - 1))), exponent / 2 - unit));
  }

  #take(value: number, rest: number, sign: 1 | -1): void {
    if (value === 0) return;
    this.#sum.add(sign * value);
    this.#squares?.addProduct(value, sign * value);
    if (rest === 0) return;
    this.#sum.add(sign * rest);
    this.#squares?.addProduct(2 * value, sign * rest);
    this.#squares?.addProduct(rest, sign * rest);
  }

  #spread(): number {
    const [{ parts, count }, squares] = [this.#sum, this.#squares];
    scratch.count = 0;
    for (let i = 0; i < (squares?.count ?? 0); i++)
      scratch.addProduct(this.count, squares?.parts[i] as number);
    for (let i = 0; i < count; i++) {
      const part = parts[i] as number;
      scratch.addProduct(-part, part);
      for (let j = 0; j < i; j++) scratch.addProduct(-2 * part, parts[j] as number);
    }
    return scratch.rounded();
  }

  #wholeSum(): bigint {
    return [...partsOf(this.#sum), ...this.#beyond].reduce((sum, each) => sum + inUnits(each), 0n);
  }

  /** In units of units. */
  #wholeSquares(): bigint {
    const parts = partsOf(this.#squares).reduce((sum, each) => sum + (inUnits(each) << BigInt(unit)), 0n);
    return this.#beyond.reduce((sum, each) => sum + inUnits(each) ** 2n, parts);
  }
}

const isBeyond = (value: number): boolean => {
  const size = Math.abs(value);
  return size > most || (size < least && value !== 0);
};

const partsOf = (sum: Expansion | null): number[] => sum?.parts.slice(0, sum.count) ?? [];

/** Every double is a whole number of 2^-1074. */
const unit = 1074;
const bits = new DataView(new ArrayBuffer(8));

function inUnits(value: number): bigint {
  bits.setFloat64(0, value);
  const digits = bits.getBigUint64(0) & 0xf_ffff_ffff_ffffn;
  const exponent = (bits.getUint16(0) >> 4) & 0x7ff;
  const size = exponent === 0 ? digits : (digits | (1n << 52n)) << BigInt(exponent - 1);
  return value < 0 ? -size : size;
}

/** The digits of the nearest double, were there one of any size, and the power of two that they are to be multiplied with. */
function roundedWhole(value: bigint, step = 1): { digits: number; exponent: number } {
  const size = value < 0n ? -value : value;
  const over = size.toString(16).length * 4 - 64;
  const exponent = over <= 0 ? 0 : Math.ceil(over / step) * step;
  const cut = size >> BigInt(exponent);
  // A digit beyond the double's own says that more follows.
  const isCut = cut << BigInt(exponent) !== size;
  const digits = Number(isCut ? cut | 1n : cut);
  return { digits: value < 0n ? -digits : digits, exponent };
}

/** In two steps, since a power of two alone may be no double. */
const scaled = (digits: number, exponent: number): number => {
  const half = Math.trunc(exponent / 2);
  return digits * 2 ** half * 2 ** (exponent - half) + 0;
};

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
