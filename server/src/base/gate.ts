/** Many may share it, or one has it alone; who wants it alone keeps later ones waiting, so that their turn comes. */
export function createGate() {
  let sharing = 0;
  let isTaken = false;
  const alone: (() => void)[] = [];
  const others: (() => void)[] = [];

  function next(): void {
    if (isTaken) return;
    const first = alone[0];
    if (first) {
      if (sharing > 0) return;
      alone.shift();
      isTaken = true;
      first();
      return;
    }
    for (const go of others.splice(0)) {
      sharing += 1;
      go();
    }
  }

  const enter = (queue: (() => void)[]): Promise<void> =>
    new Promise((resolve) => {
      queue.push(resolve);
      next();
    });

  return {
    async share<T>(work: () => Promise<T>): Promise<T> {
      await enter(others);
      try {
        return await work();
      } finally {
        sharing -= 1;
        next();
      }
    },

    async takeAlone<T>(work: () => Promise<T>): Promise<T> {
      await enter(alone);
      try {
        return await work();
      } finally {
        isTaken = false;
        next();
      }
    },
  };
}

export type Gate = ReturnType<typeof createGate>;
