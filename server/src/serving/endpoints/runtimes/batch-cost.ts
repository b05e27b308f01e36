/** What a call to a runtime costs: `perCall + perRow * rows` milliseconds, learned from calls as they end. */
export interface BatchCost {
  learn(rows: number, milliseconds: number): void;
  /** Expected milliseconds of a call with so many rows; 0 while nothing is known. */
  of(rows: number): number;
}

/** A call weighs half as much after so many others. */
const halfLife = 50;
const decay = 0.5 ** (1 / halfLife);

/** Least squares over the recent calls; where all were of one size, the line goes through the origin. */
export function createBatchCost(): BatchCost {
  let [weight, sumX, sumY, sumXX, sumXY] = [0, 0, 0, 0, 0];
  let perCall = 0;
  let perRow = 0;

  function fit(): void {
    const spread = weight * sumXX - sumX * sumX;
    const slope = spread > 1e-9 * weight * sumXX ? (weight * sumXY - sumX * sumY) / spread : -1;
    const intercept = (sumY - slope * sumX) / weight;
    // No call is free of cost, and no row gives time back: what noise says of that is not believed.
    if (slope >= 0 && intercept >= 0) [perCall, perRow] = [intercept, slope];
    else if (slope > 0) [perCall, perRow] = [0, sumXY / sumXX];
    else [perCall, perRow] = sumX === weight ? [0, sumY / sumX] : [sumY / weight, 0];
  }

  return {
    learn(rows, milliseconds) {
      weight = weight * decay + 1;
      sumX = sumX * decay + rows;
      sumY = sumY * decay + milliseconds;
      sumXX = sumXX * decay + rows * rows;
      sumXY = sumXY * decay + rows * milliseconds;
      fit();
    },
    of: (rows) => perCall + perRow * rows,
  };
}
