import { type ReactNode, useEffect, useRef, useState } from 'react';

interface InViewProps {
  /** Room kept for what is not drawn yet. */
  readonly height: number;
  readonly children: ReactNode;
}

/** Draws its content once it comes near the window: a hundred charts cost what the two in sight cost. */
export function InView({ height, children }: InViewProps) {
  const holder = useRef<HTMLDivElement>(null);
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    const element = holder.current;
    if (!element || isSeen) return;
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && setSeen(true),
      { rootMargin: '200px' },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [isSeen]);
  return (
    <div ref={holder} style={{ minHeight: height, minWidth: 0 }}>
      {isSeen && children}
    </div>
  );
}
