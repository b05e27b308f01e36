// Rational approximations of W. J. Cody (1969), Mathematics of Computation 23, as in his CALERF: relative error about 1e-16.

const nearNumerator = [
  0.18577770618460315, 3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694,
];
const nearDenominator = [1, 23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171];
const middleNumerator = [
  2.1531153547440383e-8, 0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001,
  881.952221241769, 1712.0476126340707, 2051.0783778260716, 1230.3393547979972,
];
const middleDenominator = [
  1, 15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903, 3290.7992357334597,
  4362.619090143247, 3439.3676741437216, 1230.3393548037495,
];
const farNumerator = [
  0.016315387137302097, 0.30532663496123236, 0.36034489994980445, 0.12578172611122926, 0.016083785148742275,
  0.0006587491615298378,
];
const farDenominator = [
  1, 2.568520192289822, 1.8729528499234673, 0.5279051029514285, 0.06051834131244132, 0.0023352049762686918,
];
const rootOfPi = 0.5641895835477563;

function polynomial(coefficients: readonly number[], x: number): number {
  let value = 0;
  for (const coefficient of coefficients) value = value * x + coefficient;
  return value;
}

const erfNear = (x: number): number =>
  (x * polynomial(nearNumerator, x * x)) / polynomial(nearDenominator, x * x);

/** exp(x^2) erfc(x) for x >= 0.46875: the tail without its underflow. */
function scaledFar(x: number): number {
  if (x <= 4) return polynomial(middleNumerator, x) / polynomial(middleDenominator, x);
  const inverse = 1 / (x * x);
  const correction = (inverse * polynomial(farNumerator, inverse)) / polynomial(farDenominator, inverse);
  return (rootOfPi - correction) / x;
}

/** exp(-x^2) with the rounding of x^2 put right. */
function gaussian(x: number): number {
  if (!Number.isFinite(x)) return 0;
  const coarse = Math.trunc(x * 16) / 16;
  return Math.exp(-coarse * coarse) * Math.exp(-(x - coarse) * (x + coarse));
}

/** Error function (scipy.special.erf). */
export const erf = (x: number): number => (Math.abs(x) <= 0.46875 ? erfNear(x) : 1 - erfc(x));

/** Complementary error function, small relative error in the upper tail (scipy.special.erfc). */
export function erfc(x: number): number {
  const size = Math.abs(x);
  if (size <= 0.46875) return 1 - erfNear(x);
  const tail = gaussian(size) * scaledFar(size);
  return x > 0 ? tail : 2 - tail;
}

/** exp(x^2) erfc(x) (scipy.special.erfcx); infinite below about -26.6. */
export function erfcx(x: number): number {
  if (Math.abs(x) <= 0.46875) return Math.exp(x * x) * (1 - erfNear(x));
  return x > 0 ? scaledFar(x) : 2 / gaussian(x) - scaledFar(-x);
}
