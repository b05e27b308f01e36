/**
 * How long a turn of the event loop takes while requests come: a request waits that long before anybody knows of it.
 * Nothing runs while none comes.
 */
export interface LoopTime {
  /** Told of each request; costs a comparison but for the first of a turn. */
  note(): void;
  /** Milliseconds of the last whole turn; 0 when the loop has rested since. */
  lastMs(): number;
}

export function createLoopTime(): LoopTime {
  let isWatching = false;
  let came = 0;
  let turnBegan = 0;
  let lastMs = 0;

  // The next turn does not sleep while this is due, so between two calls lies nothing but work.
  function turn(): void {
    const now = performance.now();
    if (turnBegan > 0) lastMs = now - turnBegan;
    if (came === 0 && turnBegan > 0) {
      isWatching = false;
      turnBegan = 0;
      lastMs = 0;
      return;
    }
    came = 0;
    turnBegan = now;
    setImmediate(turn);
  }

  return {
    note() {
      came++;
      if (isWatching) return;
      isWatching = true;
      setImmediate(turn);
    },
    lastMs: () => lastMs,
  };
}
